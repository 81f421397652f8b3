//! SMS are taken by a server made from Twilio's published API description, and by sockets that behave badly.

use std::time::Duration;

use guichet::carriers::http::HttpGateway;
use guichet::carriers::twilio::Twilio;
use guichet::carriers::{Handover, Reason, Sms};
use guichet::settings::{HttpGatewaySettings, Success};
use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::TcpListener;

use crate::support::app::peer;
use crate::support::carriers::{free_address, settings};

const WORTH: Duration = Duration::from_secs(1800);

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

fn sms() -> Sms {
    Sms { to: "+33612345678".into(), text: "Élections : ABCD-EFGH-JKMN".into() }
}

#[tokio::test]
async fn twilios_own_api_description_accepts_what_is_sent() {
    let Some(server) = peer("GUICHET_TEST_TWILIO", "sms_carriers::twilios_own_api_description") else { return };
    match twilio(&server).send(&sms(), "7", WORTH).await {
        Handover::Accepted { id: Some(id) } => assert!(!id.is_empty()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_named_parameter_is_sent() {
    let (base, request) = answering("HTTP/1.1 201 Created\r\nContent-Length: 13\r\n\r\n{\"sid\":\"SM1\"}").await;
    assert_eq!(twilio(&base).send(&sms(), "7", WORTH).await, Handover::Accepted { id: Some("SM1".into()) });
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
        assert_eq!(twilio(&base).send(&sms(), "7", WORTH).await, expected, "{answer}");
    }
    let closed = format!("http://{}", free_address().await);
    assert_eq!(twilio(&closed).send(&sms(), "7", WORTH).await, later(Reason::Outage, "no connection", None));
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
        ("HTTP/1.1 429 Slow\r\nRetry-After: 18446744073709551615\r\nContent-Length: 0\r\n\r\n", later(300)),
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
    assert_eq!(futures::join!(twilio.send(&sms, "7", WORTH), any.send(&sms)), (silence.clone(), silence));
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
