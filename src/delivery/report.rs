//! A mail server's report on a mail that it took: a delivery status notification (RFC 3464).

use mail_parser::{MessageParser, MessagePart, MimeHeaders};

use crate::carriers::{Delivery, mail};

/// Headers in which mail servers write whom a mail came to.
const ADDRESSEE: [&str; 5] = ["To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"];

/// What a report says, of the mail that was returned to these addresses.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    pub addressees: Vec<String>,
    pub delivery: Delivery,
}

/// Reads a report, or nothing when the mail is none: a holiday answer, a letter by a person.
pub fn read(mail: &[u8]) -> Option<Report> {
    let mail = MessageParser::default().parse(mail)?;
    let is_status = |part: &&MessagePart<'_>| {
        part.is_content_type("message", "delivery-status") || part.is_content_type("message", "global-delivery-status")
    };
    let status = mail.parts.iter().find(is_status)?;
    let delivery = delivery(&String::from_utf8_lossy(status.contents()))?;
    let headers = mail.headers_raw().filter(|(name, _)| ADDRESSEE.iter().any(|known| known.eq_ignore_ascii_case(name)));
    let addressees = headers
        .flat_map(|(_, value)| value.split(|c: char| c.is_whitespace() || "<>,;\"".contains(c)))
        .filter(|word| word.contains('@'))
        .map(str::to_owned)
        .collect();
    Some(Report { addressees, delivery })
}

/// The fields of the first recipient whose fate they tell. We write to one recipient at a time.
fn delivery(status: &str) -> Option<Delivery> {
    // A line that begins with a space goes on with the one before.
    let lines = status.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ");
    lines.split("\n\n").find_map(|fields| {
        let field = |name: &str| {
            fields.lines().find_map(|line| {
                let (found, value) = line.split_once(':')?;
                found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        match field("Action")?.to_lowercase().as_str() {
            "failed" => Some(Delivery::Failed(failure(field("Status")?, field("Diagnostic-Code").unwrap_or_default()))),
            "delivered" => Some(Delivery::Delivered),
            _ => Some(Delivery::Underway),
        }
    })
}

/// Some servers write only "failed" in their own field, and the true reason where they quote the other server.
fn failure(status: &str, quoted: &str) -> crate::carriers::Failure {
    let answer = quoted.split_once(';').map_or(quoted, |(_, answer)| answer).trim();
    let code = answer.split([' ', '-']).next().filter(|code| code.len() == 3 && code.parse::<u16>().is_ok());
    let says_little = status.ends_with(".0.0");
    mail::failure(code.unwrap_or("550"), if says_little { answer } else { status })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carriers::Reason;

    fn report(header: &str, status: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.example\r\n{header}\r\nSubject: Undelivered Mail Returned to Sender\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n\
             --b\r\nContent-Type: message/rfc822\r\n\r\nTo: d.ormeau@ac-valmont.example\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
        )
    }

    #[test]
    fn each_servers_way_of_saying_it_is_read() {
        let to = "To: <rebonds+7-aa@vote.example>";
        let head = "Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; d.ormeau@ac-valmont.example\r\n";
        let failed = |reason: Reason, code: &str| Delivery::Failed(reason.with(code));
        for (fields, expected) in [
            ("Action: failed\r\nStatus: 5.2.2\r\n", failed(Reason::MailboxFull, "5.2.2")),
            ("Action: failed\r\nStatus: 4.2.2\r\n", failed(Reason::MailboxFull, "4.2.2")),
            ("action: Failed\r\nstatus: 5.1.1 (bad destination)\r\n", failed(Reason::MailboxUnknown, "5.1.1")),
            (
                "Action: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; 550-5.1.1 The account\r\n 550 5.1.1 does not exist\r\n",
                failed(Reason::MailboxUnknown, "5.1.1"),
            ),
            (
                "Action: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; 552 quota exceeded\r\n",
                failed(Reason::MailboxFull, "552"),
            ),
            ("Action: failed\r\nStatus: 5.7.1\r\n", failed(Reason::Operator, "5.7.1")),
            ("Action: failed\r\nStatus: 4.4.7\r\n", failed(Reason::Outage, "4.4.7")),
            ("Action: delayed\r\nStatus: 4.4.1\r\n", Delivery::Underway),
            ("Action: relayed\r\nStatus: 2.1.9\r\n", Delivery::Underway),
            ("Action: delivered\r\nStatus: 2.0.0\r\n", Delivery::Delivered),
        ] {
            let read = read(report(to, &format!("{head}{fields}")).as_bytes()).unwrap();
            assert_eq!(read.delivery, expected, "{fields}");
            assert_eq!(read.addressees, ["rebonds+7-aa@vote.example"]);
        }
    }

    #[test]
    fn what_is_no_report_is_not_read_as_one() {
        for mail in [
            "",
            "From: d.ormeau@ac-valmont.example\r\nTo: rebonds+7-aa@vote.example\r\nSubject: Absence\r\n\r\n5.2.2",
            &report("To: a@b.example", "Reporting-MTA: dns; mx.example\r\n"),
            &report("To: a@b.example", "Action: failed\r\n"),
        ] {
            assert_eq!(read(mail.as_bytes()), None, "{mail}");
        }
    }
}
