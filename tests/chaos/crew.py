"""Threads that work until they are stopped."""
import threading


class Crew:
    def __init__(self):
        self.over, self.threads = threading.Event(), []

    def set_to_work(self, *works):
        """Each is called in a thread of its own, and ends when `over` is set."""
        self.threads = [threading.Thread(target=work) for work in works]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
