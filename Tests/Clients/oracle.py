"""Judges what nodes answer to tokens of issuers that nobody here wrote: a token passes until it is logged out, and no node
accepts it a second later. What was logged out stays so, and takes no other token with it."""

import http.client
import random
import time


class Oracle:
    patience = 1.0
    remembered = 1_000

    def __init__(self, *nodes):
        self.nodes = [http.client.HTTPConnection(node.partition("//")[2], timeout=10) for node in nodes]
        self.live, self.ended = [], []
        self.judged = self.log_ins = self.log_outs = self.longest = 0
        self.violations = []
        self.random = random.Random(1)

    def ask(self, node, token, method="GET", path="/auth"):
        node.request(method, path, headers={"Authorization": "Bearer " + token})
        answer = node.getresponse()
        answer.read()
        return answer.status

    def judge(self, token, wanted, what):
        for node in self.nodes:
            self.judged += 1
            if (status := self.ask(node, token)) != wanted:
                self.violations.append(f"log-in {self.log_ins}: {what}: {status}")

    def logged_in(self, token):
        self.log_ins += 1
        self.judge(token, 200, "a new token was refused")

    def log_out(self, token, path):
        """At the first node, by its own route."""
        if (status := self.ask(self.nodes[0], token, "POST", path)) != 200:
            self.violations.append(f"log-in {self.log_ins}: {path} answers {status}")
        self.logged_out(token)

    def logged_out(self, *tokens):
        """The caller has just been told so."""
        start = time.monotonic()
        for token in tokens:
            self.log_outs += 1
            for node in self.nodes:
                self.judged += 1
                while (status := self.ask(node, token)) == 200 and time.monotonic() - start < self.patience: pass
                if status != 401: self.violations.append(f"log-out {self.log_outs}: {status} after a second")
            self.longest = max(self.longest, time.monotonic() - start)
            if token in self.live: self.live.remove(token)
        self.ended += tokens
        if len(self.ended) > self.remembered: self.ended.pop(self.random.randrange(len(self.ended) - len(tokens)))

    def look_around(self):
        """Judges a token that was logged out at some time, and one that was not."""
        if self.live: self.judge(self.random.choice(self.live), 200, "another's token was refused")
        if self.ended: self.judge(self.random.choice(self.ended), 401, "a token that was logged out passes again")

    def conclude(self, issuer):
        for token in self.live: self.judge(token, 200, "another's token was refused")
        for token in self.ended: self.judge(token, 401, "a token that was logged out passes again")
        print(f"{issuer}: {self.log_ins} log-ins, {self.log_outs} log-outs, refused after {self.longest * 1000:.0f} ms at most")
        print(f"| judged answers | {self.judged} |\n| violations | {len(self.violations)} |")
        for violation in self.violations[:20]: print("FAILED", violation)
        assert self.log_outs and not self.violations
