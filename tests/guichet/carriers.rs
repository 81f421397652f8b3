//! What the carriers send is received by a real SMTP server, by a server made from Twilio's published
//! API description, and by sockets that behave badly.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use guichet::carriers::http::HttpGateway;
use guichet::carriers::twilio::Twilio;
use guichet::carriers::{Cover, Handover, Mail, MailCarrier, Reason, Sms};
use guichet::settings::{self, HttpGatewaySettings, Settings, Success};
use guichet::values::Clock;
use mail_parser::MimeHeaders as _;
use rocket::figment::Figment;
use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::TcpListener;

use crate::support::app::peer;

const WORTH: Duration = Duration::from_secs(1800);

fn settings(adjust: impl FnOnce(Figment) -> Figment) -> Settings {
    let figment = settings::figment()
        .select("demo")
        .merge(("portal.public_url", "https://vote.example.fr"))
        .merge(("portal.secret", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="))
        .merge(("mail.from", "Vote <vote@example.fr>"));
    Settings::read(&adjust(figment)).unwrap()
}

fn smtp(url: &str) -> MailCarrier {
    let settings = settings(|figment| {
        figment
            .merge(("mail.carrier", "smtp"))
            .merge(("mail.smtp_url", url))
            .merge(("mail.reply_to", "Aide <aide@vote.example>"))
    });
    MailCarrier::from_settings(&settings).unwrap()
}

fn twilio(base_url: &str) -> Twilio {
    let settings = settings(|figment| {
        figment
            .merge(("sms.carrier", "twilio"))
            .merge(("sms.twilio.base_url", base_url))
            .merge(("sms.twilio.account_sid", "AC00000000000000000000000000000001"))
            .merge(("sms.twilio.auth_token", "secret"))
            .merge(("sms.twilio.from", "Vote2026"))
    });
    Twilio::new(&settings.sms.twilio, &settings).unwrap()
}

fn mail(to: &str) -> Mail {
    Mail {
        to: to.into(),
        subject: "Choisissez votre mot de passe".into(),
        text: "Bonjour à vous : « été »\n".into(),
        html: "<p>Bonjour à vous : « été »</p>\n".into(),
    }
}

fn sms() -> Sms {
    Sms { to: "+33612345678".into(), text: "Élections : ABCD-EFGH-JKMN".into() }
}

#[tokio::test]
async fn a_real_smtp_server_receives_the_mail() {
    let Some(server) = peer("GUICHET_TEST_SMTP", "carriers::a_real_smtp_server") else { return };
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
    let greeting = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let greets = format!("smtp://{}", greeting.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = greeting.accept().await.unwrap();
        socket.write_all(b"220 mx.example ready\r\n").await.unwrap();
        std::future::pending::<()>().await;
    });
    let outage = |code: &str| Handover::Later { failure: Reason::Outage.with(code), after: None };
    let mail = mail("a@b.example");
    let send = async |url: String| smtp(&url).send(&mail, &Cover::default(), &Clock::System).await;
    let answers = futures::join!(send(closed), send(silent), send(greets));
    assert_eq!(answers, (outage("no answer"), outage("silence"), outage("silence")));
}

#[tokio::test]
async fn a_wrong_password_wants_the_operator() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://guichet:geheim@{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        for answer in ["220 mx.example", "250-mx.example\r\n250 AUTH PLAIN", "535 5.7.8 Wrong password"] {
            socket.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            let _ = socket.read(&mut [0; 1024]).await;
        }
    });
    let answer = smtp(&url).send(&mail("a@b.example"), &Cover::default(), &Clock::System).await;
    assert_eq!(answer, Handover::Blocked(Reason::Operator.with("535")));
}

/// A mail server of sockets: for each connection in turn, what it answers to each line, and how long it takes. The last
/// answer is silence.
async fn mail_server(connections: &'static [&'static [(&'static [u8], u64)]]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for answers in connections {
            let (mut socket, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                for (answer, seconds) in *answers {
                    tokio::time::sleep(Duration::from_secs(*seconds)).await;
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
    url
}

#[tokio::test]
async fn a_late_answer_is_never_taken_for_another_mails() {
    let url = mail_server(&[
        // Its answer to the content comes after our patience of 20 seconds.
        &[
            (b"220 mx\r\n", 0),
            (b"250 ok\r\n", 0),
            (b"250 ok\r\n", 0),
            (b"250 ok\r\n", 0),
            (b"354 go\r\n", 0),
            (b"250 late\r\n", 22),
        ],
        &[(b"220 mx\r\n", 0), (b"250 ok\r\n", 0), (b"250 ok\r\n", 0), (b"550 5.1.1 no\r\n", 0), (b"221 bye\r\n", 0)],
    ])
    .await;
    let carrier = smtp(&url);
    let mail = mail("a@b.example");
    let first = carrier.send(&mail, &Cover::default(), &Clock::System).await;
    assert_eq!(first, Handover::Later { failure: Reason::Outage.with("silence"), after: None });
    tokio::time::sleep(Duration::from_secs(3)).await;
    let second = carrier.send(&mail, &Cover::default(), &Clock::System).await;
    assert_eq!(second, Handover::Refused(Reason::MailboxUnknown.with("5.1.1")));
}

#[tokio::test]
async fn a_mail_that_was_taken_is_taken_however_the_server_ends() {
    // Silent after QUIT.
    let url = mail_server(&[&[
        (b"220 mx\r\n", 0),
        (b"250 ok\r\n", 0),
        (b"250 ok\r\n", 0),
        (b"250 ok\r\n", 0),
        (b"354 go\r\n", 0),
        (b"250 queued\r\n", 0),
    ]])
    .await;
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
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let carrier = smtp(&format!("smtp://{}", listener.local_addr().unwrap()));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                for line in [&b"220 mx\r\n"[..], b"250 ok\r\n", b"250 ok\r\n", answer, b"221 bye\r\n"] {
                    let _ = socket.write_all(line).await;
                    let _ = socket.read(&mut [0; 1024]).await;
                }
            }
        });
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
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            for line in [&b"220 mx\r\n"[..], b"250 ok\r\n", b"250 ok\r\n", answer, b"221 bye\r\n"] {
                let _ = socket.write_all(line).await;
                let _ = socket.read(&mut [0; 1024]).await;
            }
        });
        assert_eq!(smtp(&url).send(&mail("a@b.example"), &Cover::default(), &Clock::System).await, expected);
    }
}

#[tokio::test]
async fn one_refused_recipient_keeps_no_other_mail() {
    let Some(server) = peer("GUICHET_TEST_SMTP", "carriers::one_refused_recipient") else { return };
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
    let Some(server) = peer("GUICHET_TEST_SMTP_TLS", "carriers::a_server_whose_certificate") else { return };
    let blocked = |code: &str| Handover::Blocked(Reason::Operator.with(code));
    let mail = mail("d.ormeau@ac-valmont.example");
    let encrypted = smtp(&format!("{server}?tls=required")).send(&mail, &Cover::default(), &Clock::System).await;
    assert_eq!(encrypted, blocked("tls"));
    let demanding = peer("GUICHET_TEST_SMTP", "carriers::a_server_whose_certificate").unwrap();
    let not_offered = smtp(&format!("{demanding}?tls=required")).send(&mail, &Cover::default(), &Clock::System).await;
    assert_eq!(not_offered, blocked("not offered"));
    let plain = smtp(&server).send(&mail, &Cover::default(), &Clock::System).await;
    assert_eq!(plain, blocked("530"), "the server demands TLS");
}

#[tokio::test]
async fn twilios_own_api_description_accepts_what_is_sent() {
    let Some(server) = peer("GUICHET_TEST_TWILIO", "carriers::twilios_own_api_description") else { return };
    match twilio(&server).send(&sms(), 7, WORTH).await {
        Handover::Accepted { id: Some(id) } => assert!(!id.is_empty()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_named_parameter_is_sent() {
    let (base, request) = answering("HTTP/1.1 201 Created\r\nContent-Length: 13\r\n\r\n{\"sid\":\"SM1\"}").await;
    assert_eq!(twilio(&base).send(&sms(), 7, WORTH).await, Handover::Accepted { id: Some("SM1".into()) });
    let request = request.await.unwrap();
    assert!(request.starts_with("POST /2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json"));
    assert!(request.to_lowercase().contains("authorization: basic "));
    for parameter in [
        "To=%2B33612345678",
        "From=Vote2026",
        "Body=%C3%89lections+%3A+ABCD-EFGH-JKMN",
        "StatusCallback=https%3A%2F%2Fvote.example.fr%2Fwebhooks%2Ftwilio%3Fmessage%3D7",
        "ValidityPeriod=1800",
        "ContentRetention=discard",
        "AddressRetention=obfuscate",
    ] {
        assert!(request.contains(parameter), "{parameter} in {request}");
    }
}

#[tokio::test]
async fn each_bad_answer_is_handled_apart() {
    let later = |reason: Reason, code: &str, after: Option<u64>| Handover::Later {
        failure: reason.with(code),
        after: after.map(Duration::from_secs),
    };
    let unsure = |code: &str| Handover::Unsure(Reason::Outage.with(code));
    for (answer, expected) in [
        (
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 14\r\n\r\n{\"code\":21211}",
            Handover::Refused(Reason::Number.with("21211")),
        ),
        (
            "HTTP/1.1 401 No\r\nContent-Length: 14\r\n\r\n{\"code\":20003}",
            Handover::Blocked(Reason::Operator.with("20003")),
        ),
        (
            "HTTP/1.1 429 Slow\r\nRetry-After: 42\r\nContent-Length: 14\r\n\r\n{\"code\":20429}",
            later(Reason::Limit, "20429", Some(42)),
        ),
        ("HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n", later(Reason::Outage, "503", None)),
        ("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n", unsure("500")),
        ("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>ok</html>", unsure("200")),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"code\":20003}",
            Handover::Blocked(Reason::Operator.with("20003")),
        ),
        (
            "HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{\"sid\":\"SM1\",\"status\":\"failed\",\"error_code\":21610}",
            Handover::Refused(Reason::Number.with("21610")),
        ),
        ("HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{\"sid\":", unsure("broken answer")),
        ("", unsure("broken answer")),
    ] {
        let (base, _request) = answering(answer).await;
        assert_eq!(twilio(&base).send(&sms(), 7, WORTH).await, expected, "{answer}");
    }
    let closed = format!("http://{}", free_address().await);
    assert_eq!(twilio(&closed).send(&sms(), 7, WORTH).await, later(Reason::Outage, "no connection", None));
}

/// A gateway as the settings describe it, with the words that it answers.
fn any_gateway(base: &str) -> HttpGateway {
    HttpGateway::new(&HttpGatewaySettings {
        url: format!("{base}/envois"),
        headers: [("Authorization".to_owned(), "Bearer secret".to_owned().into())].into(),
        content_type: "application/json".into(),
        body: r#"{"numero": "{{to}}", "texte": "{{text}}"}"#.into(),
        success: Some(Success { pointer: "/etat".into(), value: "OK".into() }),
        id: Some("/id".into()),
        error: Some("/erreur".into()),
        number_faults: vec!["NUMERO_INCONNU".into()],
        per_second: None,
    })
    .unwrap()
}

#[tokio::test]
async fn any_gateways_answers_are_read_as_the_settings_say() {
    let (base, request) = answering("HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{\"etat\":\"OK\",\"id\":1234}").await;
    assert_eq!(any_gateway(&base).send(&sms()).await, Handover::Accepted { id: Some("1234".into()) });
    let request = request.await.unwrap();
    assert!(request.starts_with("POST /envois") && request.to_lowercase().contains("authorization: bearer secret"));
    assert!(request.ends_with(r#"{"numero": "+33612345678", "texte": "Élections : ABCD-EFGH-JKMN"}"#), "{request}");

    let unsure = |code: &str| Handover::Unsure(Reason::Outage.with(code));
    let blocked = |code: &str| Handover::Blocked(Reason::Operator.with(code));
    let barred = |code: &str| Handover::Barred(Reason::Operator.with(code));
    let later =
        |seconds| Handover::Later { failure: Reason::Limit.with("429"), after: Some(Duration::from_secs(seconds)) };
    for (answer, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>ok</html>", unsure("200")),
        ("HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n{\"etat\":\"KO\",\"erreur\":\"SOLDE\"} ", barred("SOLDE")),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 39\r\n\r\n{\"etat\":\"KO\",\"erreur\":\"NUMERO_INCONNU\"}",
            Handover::Refused(Reason::Number.with("NUMERO_INCONNU")),
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"etat\":", unsure("broken answer")),
        ("", unsure("broken answer")),
        ("HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n", barred("302")),
        ("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", blocked("403")),
        (
            "HTTP/1.1 400 No\r\nContent-Length: 58\r\n\r\n{\"erreur\":{\"a\":\"+33612345678\",\"texte\":\"ABCD-EFGH-JKMN\"}}  ",
            barred("400"),
        ),
        ("HTTP/1.1 502 Broken\r\nContent-Length: 0\r\n\r\n", unsure("502")),
        ("HTTP/1.1 429 Slow\r\nRetry-After: 42\r\nContent-Length: 0\r\n\r\n", later(42)),
        ("HTTP/1.1 429 Slow\r\nRetry-After: 18446744073709551615\r\nContent-Length: 0\r\n\r\n", later(3600)),
        (
            "HTTP/1.1 429 Slow\r\nDate: Tue, 24 Nov 2026 09:00:00 GMT\r\nRetry-After: Tue, 24 Nov 2026 09:02:00 GMT\r\n\
             Content-Length: 0\r\n\r\n",
            later(120),
        ),
        (
            "HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n",
            Handover::Later { failure: Reason::Outage.with("503"), after: None },
        ),
    ] {
        let (base, _request) = answering(answer).await;
        assert_eq!(any_gateway(&base).send(&sms()).await, expected, "{answer}");
    }
}

#[tokio::test]
async fn silence_is_given_up_after_a_while() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let _open = (listener.accept().await.unwrap(), listener.accept().await.unwrap());
        std::future::pending::<()>().await;
    });
    let silence = Handover::Unsure(Reason::Outage.with("silence"));
    let (twilio, any) = (twilio(&base), any_gateway(&base));
    let sms = sms();
    assert_eq!(futures::join!(twilio.send(&sms, 7, WORTH), any.send(&sms)), (silence.clone(), silence));
}

/// A server that gives one answer, whatever it is asked, and what it was asked.
async fn answering(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let request = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        let mut chunk = [0; 4096];
        while !is_whole(&request) {
            let read = socket.read(&mut chunk).await.unwrap();
            if read == 0 {
                break;
            }
            request.extend_from_slice(&chunk[..read]);
        }
        socket.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&request).into_owned()
    });
    (base, request)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

async fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}
