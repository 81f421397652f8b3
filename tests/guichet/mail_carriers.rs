//! Mail is received by a real SMTP server, and by sockets that behave badly.

use std::path::Path;
use std::time::Duration;

use guichet::carriers::smtp::Patience;
use guichet::carriers::{Cover, Handover, Mail, MailCarrier, Reason};
use guichet::values::Clock;
use mail_parser::MimeHeaders as _;
use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::TcpListener;

use crate::support::app::peer;
use crate::support::carriers::{free_address, settings};
use crate::support::smtp::{FakeSmtp, Manner};

fn smtp(url: &str) -> MailCarrier {
    let settings = settings(|figment| {
        figment
            .merge(("mail.carrier", "smtp"))
            .merge(("mail.smtp_url", url))
            .merge(("mail.reply_to", "Aide <aide@vote.example>"))
    });
    MailCarrier::from_settings(&settings).unwrap()
}

/// The same, but for how soon it takes a server to be silent.
fn impatient(url: &str) -> MailCarrier {
    let second = Duration::from_secs(1);
    smtp(url).with_patience(Patience { command: second, data: second, content: second })
}

fn mail(to: &str) -> Mail {
    Mail {
        to: to.into(),
        subject: "Choisissez votre mot de passe".into(),
        text: "Bonjour à vous : « été »\n".into(),
        html: "<p>Bonjour à vous : « été »</p>\n".into(),
    }
}

/// What a mail server says to each line, and after how many seconds.
type Conversation = Vec<(&'static [u8], u64)>;

/// A mail server of sockets: a conversation for each connection in turn. The last answer is silence.
async fn mail_server(connections: Vec<Conversation>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        for answers in connections {
            let (mut socket, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                for (answer, seconds) in answers {
                    tokio::time::sleep(Duration::from_secs(seconds)).await;
                    let _ = socket.write_all(answer).await;
                    let mut received = Vec::new();
                    let is_content = answer.starts_with(b"354");
                    while !received.ends_with(if is_content { b"\r\n.\r\n" } else { b"\r\n" }) {
                        if socket.read_buf(&mut received).await.unwrap_or_default() == 0 {
                            return;
                        }
                    }
                }
                std::future::pending::<()>().await;
            });
        }
    });
    address
}

/// A conversation that comes as far as the recipient, with these answers from there on.
fn to_the_recipient(answers: &[(&'static [u8], u64)]) -> Conversation {
    [&[(&b"220 mx\r\n"[..], 0), (b"250 ok\r\n", 0), (b"250 ok\r\n", 0)], answers].concat()
}

#[tokio::test]
async fn a_real_smtp_server_receives_the_mail() {
    let Some(server) = peer("GUICHET_TEST_SMTP", "mail_carriers::a_real_smtp_server") else { return };
    let maildir = std::env::var("GUICHET_TEST_MAILDIR").unwrap();
    let carrier = smtp(&server);
    let to = format!("d.ormeau{}@ac-valmont.example", std::process::id());
    let cover = Cover { message_id: Some("<abc@vote.example>".into()), return_path: None };
    assert_eq!(carrier.send(&mail(&to), &cover, &Clock::System).await, Handover::Accepted { id: None });
    let received = received(Path::new(&maildir), &to);
    let received = mail_parser::MessageParser::default().parse(&received).unwrap();
    assert_eq!(received.subject(), Some("Choisissez votre mot de passe"));
    assert!(received.is_content_type("multipart", "alternative"));
    assert_eq!(received.body_text(0).unwrap().trim(), "Bonjour à vous : « été »");
    assert_eq!(received.body_html(0).unwrap().trim(), "<p>Bonjour à vous : « été »</p>");
    assert_eq!(received.message_id(), Some("abc@vote.example"));
    assert_eq!(received.reply_to().unwrap().first().unwrap().address(), Some("aide@vote.example"));
    assert_eq!(received.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));

    let refused = carrier.send(&mail("refuse@ac-valmont.example"), &Cover::default(), &Clock::System).await;
    assert_eq!(refused, Handover::Refused(Reason::MailboxUnknown.with("5.1.1")));
    let later = carrier.send(&mail("later@ac-valmont.example"), &Cover::default(), &Clock::System).await;
    assert_eq!(later, Handover::Later { failure: Reason::Outage.with("4.3.0"), after: None });
}

fn received(maildir: &Path, to: &str) -> Vec<u8> {
    let files = std::fs::read_dir(maildir.join("new")).unwrap();
    files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .find(|content| String::from_utf8_lossy(content).contains(to))
        .expect("the mail in the mailbox")
}

#[tokio::test]
async fn a_server_that_is_away_or_silent_is_tried_later() {
    let closed = format!("smtp://{}", free_address().await);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("smtp://{}", silent.local_addr().unwrap());
    let greets = format!("smtp://{}", mail_server(vec![vec![(b"220 mx.example ready\r\n", 0)]]).await);
    let outage = |code: &str| Handover::Later { failure: Reason::Outage.with(code), after: None };
    let mail = mail("a@b.example");
    let send = async |url: String| impatient(&url).send(&mail, &Cover::default(), &Clock::System).await;
    let answers = futures::join!(send(closed), send(silent), send(greets));
    assert_eq!(answers, (outage("no answer"), outage("silence"), outage("silence")));
}

#[tokio::test]
async fn a_wrong_password_wants_the_operator() {
    let server = mail_server(vec![vec![
        (b"220 mx.example\r\n", 0),
        (b"250-mx.example\r\n250 AUTH PLAIN\r\n", 0),
        (b"535 5.7.8 Wrong password\r\n", 0),
        (b"221 bye\r\n", 0),
    ]])
    .await;
    let url = format!("smtp://guichet:geheim@{server}");
    let answer = smtp(&url).send(&mail("a@b.example"), &Cover::default(), &Clock::System).await;
    assert_eq!(answer, Handover::Blocked(Reason::Operator.with("535")));
}

#[tokio::test]
async fn a_late_answer_is_never_taken_for_another_mails() {
    let server = mail_server(vec![
        to_the_recipient(&[(b"250 ok\r\n", 0), (b"354 go\r\n", 0), (b"250 late\r\n", 2)]),
        to_the_recipient(&[(b"550 5.1.1 no\r\n", 0), (b"221 bye\r\n", 0)]),
    ])
    .await;
    let carrier = impatient(&format!("smtp://{server}"));
    let mail = mail("a@b.example");
    let first = carrier.send(&mail, &Cover::default(), &Clock::System).await;
    assert_eq!(first, Handover::Unsure(Reason::Outage.with("silence")));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let second = carrier.send(&mail, &Cover::default(), &Clock::System).await;
    assert_eq!(second, Handover::Refused(Reason::MailboxUnknown.with("5.1.1")));
}

#[tokio::test]
async fn what_becomes_of_a_mail_is_open_after_its_final_dot_and_not_before() {
    let mail = mail("a@b.example");
    let later = |code: &str| Handover::Later { failure: Reason::Outage.with(code), after: None };
    let unsure = |code: &str| Handover::Unsure(Reason::Outage.with(code));
    let silent_before = mail_server(vec![to_the_recipient(&[(b"250 ok\r\n", 0)]); 5]).await;
    let refuses_after = to_the_recipient(&[(b"250 ok\r\n", 0), (b"354 go\r\n", 0), (b"421 no\r\n", 0)]);
    let refuses_after = mail_server(vec![refuses_after; 5]).await;
    for (url, expected, is_open) in [
        (format!("smtp://{silent_before}"), later("silence"), false),
        (format!("smtp://{refuses_after}"), later("421"), false),
        (FakeSmtp::start(Manner::Silent).await.url, unsure("silence"), true),
        (FakeSmtp::start(Manner::Close).await.url, unsure("no answer"), true),
    ] {
        let carrier = impatient(&url);
        for _ in 0..5 {
            assert_eq!(carrier.send(&mail, &Cover::default(), &Clock::System).await, expected);
        }
        assert_eq!(carrier.open(Clock::System.now()).is_some(), is_open, "{expected:?}");
    }
}

#[tokio::test]
async fn a_mail_that_was_taken_is_taken_however_the_server_ends() {
    // Silent after QUIT.
    let ends = to_the_recipient(&[(b"250 ok\r\n", 0), (b"354 go\r\n", 0), (b"250 queued\r\n", 0)]);
    let url = format!("smtp://{}", mail_server(vec![ends]).await);
    let taken = smtp(&url).send(&mail("a@b.example"), &Cover::default(), &Clock::System).await;
    assert_eq!(taken, Handover::Accepted { id: None });
}

#[tokio::test]
async fn one_mailboxs_answers_keep_nobody_elses_mail() {
    for (answer, is_open) in [
        (&b"450 4.2.2 Mailbox full\r\n"[..], true),
        (b"450 4.7.1 Greylisted\r\n", true),
        (b"550 5.1.1 No such user\r\n", true),
        (b"421 4.3.2 Shutting down\r\n", false),
        (b"504 5.5.2 Need a full address\r\n", false),
    ] {
        let refusal = to_the_recipient(&[(answer, 0), (b"221 bye\r\n", 0)]);
        let carrier = smtp(&format!("smtp://{}", mail_server(vec![refusal; 5]).await));
        for _ in 0..4 {
            carrier.send(&mail("a@b.example"), &Cover::default(), &Clock::System).await;
        }
        assert!(carrier.open(Clock::System.now()).is_some(), "four prove nothing");
        carrier.send(&mail("a@b.example"), &Cover::default(), &Clock::System).await;
        assert_eq!(carrier.open(Clock::System.now()).is_some(), is_open, "{}", String::from_utf8_lossy(answer));
    }
}

#[tokio::test]
async fn the_words_of_a_mail_server_decide() {
    for (answer, expected) in [
        // In Latin-1: unreadable words are no reason to suspect the connection.
        (
            &b"550 5.1.1 Bo\xeete inconnue\r\n"[..],
            Handover::Later { failure: Reason::Outage.with("no answer"), after: None },
        ),
        (b"501 5.1.3 Bad recipient address syntax\r\n", Handover::Refused(Reason::MailboxUnknown.with("5.1.3"))),
        (b"552 5.2.2 Over quota\r\n", Handover::Refused(Reason::MailboxFull.with("5.2.2"))),
        (b"550 5.7.1 Blocked\r\n", Handover::Barred(Reason::Operator.with("5.7.1"))),
    ] {
        let conversation = to_the_recipient(&[(answer, 0), (b"221 bye\r\n", 0)]);
        let url = format!("smtp://{}", mail_server(vec![conversation]).await);
        assert_eq!(smtp(&url).send(&mail("a@b.example"), &Cover::default(), &Clock::System).await, expected);
    }
}

#[tokio::test]
async fn one_refused_recipient_keeps_no_other_mail() {
    let Some(server) = peer("GUICHET_TEST_SMTP", "mail_carriers::one_refused_recipient") else { return };
    let carrier = smtp(&server);
    let own = |n: u32| format!("d.ormeau{n}.{}@ac-valmont.example", std::process::id());
    // One after the other, on the connection that the server has just refused a recipient on.
    for n in 0..6 {
        let (to, expected) = match n {
            2 => ("refuse@ac-valmont.example".to_owned(), Handover::Refused(Reason::MailboxUnknown.with("5.1.1"))),
            _ => (own(n), Handover::Accepted { id: None }),
        };
        assert_eq!(carrier.send(&mail(&to), &Cover::default(), &Clock::System).await, expected, "{to}");
    }
    let maildir = std::env::var("GUICHET_TEST_MAILDIR").unwrap();
    for n in [0, 1, 3, 4, 5] {
        assert!(!received(Path::new(&maildir), &own(n)).is_empty());
    }
}

#[tokio::test]
async fn a_server_whose_certificate_can_not_be_trusted_gets_no_mail() {
    let Some(server) = peer("GUICHET_TEST_SMTP_TLS", "mail_carriers::a_server_whose_certificate") else { return };
    let blocked = |code: &str| Handover::Blocked(Reason::Operator.with(code));
    let mail = mail("d.ormeau@ac-valmont.example");
    let encrypted = smtp(&format!("{server}?tls=required")).send(&mail, &Cover::default(), &Clock::System).await;
    assert_eq!(encrypted, blocked("tls"));
    let demanding = peer("GUICHET_TEST_SMTP", "mail_carriers::a_server_whose_certificate").unwrap();
    let not_offered = smtp(&format!("{demanding}?tls=required")).send(&mail, &Cover::default(), &Clock::System).await;
    assert_eq!(not_offered, blocked("not offered"));
    let plain = smtp(&server).send(&mail, &Cover::default(), &Clock::System).await;
    assert_eq!(plain, blocked("530"), "the server demands TLS");
}
