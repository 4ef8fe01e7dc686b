/* store_contract: the constants of contract.def, which has their meaning beside them. Those that only
 * lib/store needs (keys, arguments, scripts) are in store_command.h and store_scripts.h.
 */
#ifndef DRONC_STORE_CONTRACT_H
#define DRONC_STORE_CONTRACT_H

enum store_number {
#define NUMBER(name, value, text) STORE_##name = (value),
#include "store/contract.def"
};

#define TEXT(name, value, text)        static const char STORE_##name[] = value;
#define CODE(group, name, value, text) static const char STORE_##group##_##name[] = value;
#include "store/contract.def"

/* The verdict on an attempt. */
enum store_verdict {
#define VERDICT(name, value, text) STORE_##name = (value),
#include "store/contract.def"
};

/* What follows an attempt that ends. */
enum store_after {
#define AFTER(name, value, text) STORE_AFTER_##name,
#include "store/contract.def"
};

/* What a command to a job came to. */
enum store_answer {
#define ANSWER(name, value, text) STORE_ANSWER_##name = (value),
#include "store/contract.def"
};

/* What creating a job came to. */
enum store_creation {
#define CREATION(name, value, text) STORE_##name = (value),
#include "store/contract.def"
};

/* What a command to an API key came to. */
enum store_keyed {
#define KEYED(name, value, text) STORE_KEYED_##name = (value),
#include "store/contract.def"
};

/* What became of a redrive. */
enum store_redriven {
#define REDRIVE(name, value, text) STORE_REDRIVE_##name = (value),
#include "store/contract.def"
};

#endif
