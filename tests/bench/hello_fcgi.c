/* hello_fcgi: the least that a FastCGI program can do with libfcgi: accept, say hello, and again. The limit
 * that dronc-fcgi is measured against, behind the same nginx configuration. */
#include <fcgiapp.h>

int main(void)
{
    FCGX_Request request;
    if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0) {
        return 1;
    }
    while (FCGX_Accept_r(&request) == 0) {
        (void)FCGX_PutS("Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
                        "{\"hello\":\"world\"}",
                        request.out);
        FCGX_Finish_r(&request);
    }
    return 0;
}
