//! What becomes of an SMS that left: receipts, questions, and what its voter is told or given back.

use chrono::Duration;

use crate::support::sms::{FIRST, PUBLIC, SECOND, of_state, on_twilio, receipt, send, signature};
use crate::support::twilio::Manner;
use crate::support::{App, on_both, voter};

on_both! {
    async fn a_receipt_tells_that_the_phone_has_it_and_nothing_takes_that_back(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        send(&app, &browser, FIRST).await;
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "issued");
        assert!(page.text().contains("remis à l’opérateur à 10 h 00"), "{}", page.html);
        assert!(page.html.contains("http-equiv=\"refresh\""), "there may be news");

        let taken = fake.last();
        assert!(taken.callback.starts_with(&format!("{PUBLIC}/webhooks/twilio?message=")), "{}", taken.callback);
        let path = taken.callback.strip_prefix(PUBLIC).unwrap();
        let told = |status| [("MessageSid", taken.sid.clone()), ("MessageStatus", String::from(status))];
        for (status, minute) in [("sent", 1), ("delivered", 1), ("delivered", 1), ("sent", 1), ("undelivered", 1)] {
            app.wait(Duration::minutes(minute));
            let fields = told(status);
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(receipt(&app, path, &fields).await, 204, "{status}");
        }
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "issued");
        assert!(page.text().contains("reçu par le téléphone à 10 h 02"), "{}", page.html);
        assert!(!page.html.contains("http-equiv=\"refresh\""));
    }
}

on_both! {
    async fn a_number_that_the_carrier_can_not_reach_costs_the_voter_nothing(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        for (code, told) in [("30006", "ne peut pas recevoir de SMS"), ("30003", "éteint ou hors de portée")] {
            send(&app, &browser, FIRST).await;
            let sid = fake.last().sid;
            let fields = [("MessageSid", sid.as_str()), ("MessageStatus", "undelivered"), ("ErrorCode", code)];
            assert_eq!(receipt(&app, "/webhooks/twilio", &fields).await, 204);
            app.drain().await;
            let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "voided");
            assert!(page.text().contains(told), "{}", page.html);
            assert!(page.text().contains("encore recevoir 3 identifiants"));
            let mails = app.mails_to(&voter(1).email);
            assert!(mails.last().unwrap().text.contains(told), "{}", mails.last().unwrap().text);
        }
        assert_eq!(app.count("SELECT COUNT(*) FROM phone_claim").await, 0, "the number is free again");
    }
}

on_both! {
    async fn forged_and_malformed_receipts_change_nothing(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        send(&app, &browser, FIRST).await;
        let sid = fake.last().sid;
        let fields = [("MessageSid", sid.as_str()), ("MessageStatus", "undelivered"), ("ErrorCode", "30006")];
        let path = "/webhooks/twilio";
        let good = signature(path, &fields);
        for (path, fields, signature) in [
            (path, &fields[..], ""),
            (path, &fields[..], "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            (path, &fields[..], "pas du base64"),
            (path, &fields[..2], &good),
            ("/webhooks/twilio?message=1", &fields[..], &good),
        ] {
            let answer = app.browser().post_from(path, fields, &[("X-Twilio-Signature", signature)]).await;
            assert_eq!(answer.status, 403, "{path} {signature}");
        }
        assert!(app.browser().get("/metrics").await.html.contains("guichet_forged_receipts_total 5"));
        assert_eq!(receipt(&app, path, &[("MessageSid", &sid)]).await, 400);
        assert_eq!(receipt(&app, path, &[("MessageSid", "SM-of-another"), ("MessageStatus", "delivered")]).await, 204);
        assert_eq!(receipt(&app, path, &[("MessageSid", &sid), ("MessageStatus", "teleported")]).await, 204);
        let long = "x".repeat(20_000);
        assert_eq!(receipt(&app, path, &[("MessageSid", &sid), ("MessageStatus", &long)]).await, 413);
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'accepted' AND channel = 'sms'").await, 1);
    }
}

on_both! {
    async fn without_a_receipt_the_carrier_is_asked(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        send(&app, &browser, FIRST).await;
        app.wait(Duration::minutes(2));
        app.drain().await;
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "issued");
        assert!(page.text().contains("Pas encore reçu") , "{}", page.html);
        fake.taken.lock().unwrap()[0].status = "delivered";
        app.wait(Duration::minutes(5));
        app.drain().await;
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "issued");
        assert!(page.text().contains("reçu par le téléphone à 10 h 07"), "{}", page.html);
    }
}

on_both! {
    async fn a_receipt_may_come_before_the_answer(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        fake.is_now(Manner::TakeAndClose);
        *fake.lists.lock().unwrap() = false;
        send(&app, &browser, FIRST).await;
        let taken = fake.last();
        let path = taken.callback.strip_prefix(PUBLIC).unwrap();
        let fields = [("MessageSid", taken.sid.as_str()), ("MessageStatus", "delivered")];
        assert_eq!(receipt(&app, path, &fields).await, 204);
        app.wait(Duration::minutes(1));
        app.drain().await;
        assert_eq!(fake.count(), 1, "nothing to send again");
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "issued");
        assert!(page.text().contains("reçu par le téléphone"), "{}", page.html);
    }
}

on_both! {
    async fn a_page_that_asks_by_itself_keeps_no_session_alive(app: App) {
        let (app, _fake, browser) = on_twilio(app).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        for _ in 0..3 {
            app.wait(Duration::minutes(9));
            browser.get("/electeur/identifiant/suivi?seul=oui").await.expect(200, "issued");
        }
        app.wait(Duration::minutes(4));
        assert_eq!(browser.get("/electeur/identifiant/suivi?seul=oui").await.path, "/connexion");
    }
}

on_both! {
    async fn an_sms_that_waits_is_withdrawn_when_another_identifier_replaces_it(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.wait(Duration::minutes(3));
        // The first SMS has not even left: that is not the voter's fault.
        browser.ask_identifier(&voter(1), SECOND).await.expect(200, "issued");
        app.drain().await;
        assert_eq!((fake.count(), fake.last().to.as_str()), (1, "+33612345679"));
        assert_eq!((of_state(&app, "voided").await, of_state(&app, "revoked").await), (1, 0), "the try is given back");
        assert_eq!(app.count("SELECT COUNT(*) FROM phone_claim").await, 1, "and the first number is free");

        // Replaced at once, it was the voter's own wish.
        for mobile in [FIRST, FIRST] {
            browser.ask_identifier(&voter(1), mobile).await.expect(200, "issued");
        }
        app.drain().await;
        assert_eq!((fake.count(), of_state(&app, "revoked").await), (2, 2));
        assert_eq!(app.count("SELECT COUNT(*) FROM phone_claim").await, 2);
    }
}

on_both! {
    async fn a_mistyped_number_that_received_nothing_is_its_owners(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        app.enrol(&[voter(2)]).await;
        fake.is_now(Manner::Refuse("503 Away", ""));
        send(&app, &browser, FIRST).await;
        browser.ask_identifier(&voter(1), SECOND).await.expect(200, "issued");
        let owner = app.browser();
        owner.arrive(&app, &voter(2)).await;
        owner.ask_identifier(&voter(2), FIRST).await.expect(200, "issued");
    }
}

on_both! {
    async fn that_was_not_me_works_after_the_window_too(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        send(&app, &browser, FIRST).await;
        app.wait(app.election.reissue_closes - app.portal.now() + Duration::minutes(5));
        let link = app.mailed_link(&voter(1).email, "/pas-moi/");
        app.browser().post(&link, &[]).await.expect(200, "frozen");
        assert_eq!(of_state(&app, "active").await, 0, "an identifier still opens the vote itself");
        let sid = fake.last().sid;
        let fields = [("MessageSid", sid.as_str()), ("MessageStatus", "undelivered"), ("ErrorCode", "30006")];
        assert_eq!(receipt(&app, "/webhooks/twilio", &fields).await, 204);
        app.drain().await;
    }
}

on_both! {
    async fn what_may_have_left_counts_among_the_three(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        fake.is_now(Manner::TakeAndClose);
        for _ in 0..3 {
            send(&app, &browser, FIRST).await;
            app.wait(Duration::minutes(2));
        }
        app.drain().await;
        browser.get("/electeur/identifiant").await.expect(200, "limit-reached");
        assert_eq!((of_state(&app, "revoked").await, of_state(&app, "active").await, fake.count()), (2, 1, 3));
    }
}

on_both! {
    async fn a_receipt_that_wants_the_operator_is_an_alarm(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        for (code, is_open) in [("30007", true), ("30002", false)] {
            send(&app, &browser, FIRST).await;
            let sid = fake.last().sid;
            let fields = [("MessageSid", sid.as_str()), ("MessageStatus", "undelivered"), ("ErrorCode", code)];
            assert_eq!(receipt(&app, "/webhooks/twilio", &fields).await, 204);
            assert_eq!(app.portal.carriers.sms.open(app.portal.now()).is_some(), is_open, "{code}");
        }
        assert!(app.portal.metrics.text().unwrap().contains("guichet_alarms_total{what=\"operator\"} 2"));
        assert_eq!(of_state(&app, "voided").await, 2);
    }
}
