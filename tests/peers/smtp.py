"""A real SMTP server for the tests: smtp.py PORT MAILDIR [CERTIFICATE KEY].

It takes any mail and writes it into the maildir. A recipient whose local part begins with "refuse" is refused for
good (550), one that begins with "later" for now (451). What is taken for "full" and "gone" is returned to its sender
in the maildir beside, MAILDIR-returned, as servers do that find out later. With a certificate, it demands TLS.
"""

import mailbox
import signal
import ssl
import sys
from email.message import EmailMessage, Message

from aiosmtpd.controller import Controller


class Handler:
    def __init__(self, maildir):
        self.maildir = mailbox.Maildir(maildir)
        self.returned = mailbox.Maildir(maildir + "-returned")

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refuse"):
            return "550 5.1.1 No such mailbox"
        if address.startswith("later"):
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        self.maildir.add(envelope.content)
        for address in envelope.rcpt_tos:
            status = next((status for name, status in LATER_REFUSED.items() if address.startswith(name)), None)
            if status:
                self.returned.add(report(envelope.mail_from, address, status))
        return "250 2.0.0 OK"


LATER_REFUSED = {"full": "5.2.2", "gone": "5.1.1"}


def report(sender, address, status):
    """A delivery status notification, RFC 3464."""
    fields = Message()
    fields["Final-Recipient"] = f"rfc822; {address}"
    fields["Action"] = "failed"
    fields["Status"] = status
    about_us = Message()
    about_us["Reporting-MTA"] = "dns; mx.example"
    machine = Message()
    machine["Content-Type"] = "message/delivery-status"
    machine.set_payload([about_us, fields])
    returned = EmailMessage()
    returned["From"] = "MAILER-DAEMON@mx.example"
    returned["To"] = sender
    returned["Subject"] = "Undelivered Mail Returned to Sender"
    returned.set_content("Your mail could not be delivered.")
    returned.make_mixed()
    returned.attach(machine)
    returned.replace_header("Content-Type", 'multipart/report; report-type="delivery-status"')
    return returned


port, maildir, *certificate = sys.argv[1:]
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
tls = {}
if certificate:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    tls = {"tls_context": context, "require_starttls": True}
Controller(Handler(maildir), hostname="127.0.0.1", port=int(port), **tls).start()
signal.pause()
