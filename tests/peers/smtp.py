"""A real SMTP server for the tests: smtp.py PORT MAILDIR.

It takes any mail and writes it into the maildir. A recipient whose local part begins with "refuse" is refused for
good (550), one that begins with "later" for now (451).
"""

import mailbox
import signal
import sys

from aiosmtpd.controller import Controller


class Handler:
    def __init__(self, maildir):
        self.maildir = mailbox.Maildir(maildir)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refuse"):
            return "550 5.1.1 No such mailbox"
        if address.startswith("later"):
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        self.maildir.add(envelope.content)
        return "250 2.0.0 OK"


port, maildir = sys.argv[1:]
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
Controller(Handler(maildir), hostname="127.0.0.1", port=int(port)).start()
signal.pause()
