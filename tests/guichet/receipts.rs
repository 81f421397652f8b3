//! Whose word a receipt is, and whom it concerns.

use chrono::Duration;
use sea_orm::ConnectionTrait;

use crate::support::sms::{FIRST, SECOND, arrived, of_state, on_twilio, receipt, send, signature_of, twilio_of, with};
use crate::support::twilio::FakeTwilio;
use crate::support::{App, on_both, voter};

const PATH: &str = "/webhooks/twilio";

on_both! {
    async fn a_receipt_with_a_code_that_nobody_listed_keeps_no_other_sms(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        app.enrol(&[voter(2)]).await;
        let other = app.browser();
        other.arrive(&app, &voter(2)).await;
        send(&app, &browser, FIRST).await;
        let sid = fake.last().sid;
        let fields = [("MessageSid", sid.as_str()), ("MessageStatus", "undelivered"), ("ErrorCode", "30036")];
        assert_eq!(receipt(&app, PATH, &fields).await, 204);

        other.ask_identifier(&voter(2), SECOND).await.expect(200, "issued");
        app.drain().await;
        let mut waited = 0;
        while fake.count() < 2 && waited < 60 {
            app.wait(Duration::seconds(1));
            app.drain().await;
            waited += 1;
        }
        assert_eq!((fake.count(), waited), (2, 0), "seconds that the other voter waited");

        // It is recorded as that message's own misfortune, and its voter has the try back.
        let failed = "SELECT COUNT(*) FROM message WHERE state = 'failed' AND failure = 'undelivered' AND code = '30036'";
        assert_eq!((app.count(failed).await, of_state(&app, "voided").await), (1, 1));
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "voided");
        assert!(page.text().contains("votre essai vous est rendu"), "{}", page.html);
        let mails = app.mails_to(&voter(1).email);
        assert!(mails.last().unwrap().text.contains("Ce n’est pas de votre fait"), "{}", mails.last().unwrap().text);
        assert!(!app.portal.metrics.text().unwrap().contains("what=\"operator\""), "the operator can mend nothing");
    }
}

on_both! {
    async fn a_receipt_is_believed_only_from_the_gateway_that_has_the_message(app: App) {
        let (one, two) = (FakeTwilio::start(app.portal.clock.clone()).await, FakeTwilio::start(app.portal.clock.clone()).await);
        let app = with(app, |app| {
            vec![twilio_of(app, "one", &one.base, "AC1", "token-one"), twilio_of(app, "two", &two.base, "AC2", "token-two")]
        })
        .await;
        let browser = arrived(&app).await;
        send(&app, &browser, FIRST).await;
        let taken = one.last();
        let by_number = taken.callback.strip_prefix(crate::support::sms::PUBLIC).unwrap();
        let failed = |account| {
            let sid = taken.sid.as_str();
            [("AccountSid", account), ("ErrorCode", "30006"), ("MessageSid", sid), ("MessageStatus", "undelivered")]
        };
        let tell = async |path: &str, account, token: &str| {
            let signed = signature_of(token, path, &failed(account));
            app.browser().post_from(path, &failed(account), &[("X-Twilio-Signature", &signed)]).await.status
        };
        let accepted = "SELECT COUNT(*) FROM message WHERE state = 'accepted' AND channel = 'sms'";
        for (account, token, status) in [
            ("AC2", "token-two", 204),
            // Signed by one, in the name of the other.
            ("AC1", "token-two", 403),
            ("AC2", "token-one", 403),
            ("AC3", "token-one", 403),
        ] {
            for path in [PATH, by_number] {
                assert_eq!(tell(path, account, token).await, status, "{path} {account} {token}");
                assert_eq!(app.count(accepted).await, 1, "{path} {account} {token}");
            }
        }
        // Nor before the answer to the call has told the message's name.
        app.portal.db.execute_unprepared("UPDATE message SET carrier_id = NULL").await.unwrap();
        assert_eq!(tell(by_number, "AC2", "token-two").await, 204);
        assert_eq!(app.count(accepted).await, 1);
        assert_eq!(tell(by_number, "AC1", "token-one").await, 204);
        assert_eq!((app.count(accepted).await, of_state(&app, "voided").await), (0, 1));
    }
}

on_both! {
    async fn two_gateways_of_one_account_each_settle_their_own(app: App) {
        let (one, two) = (FakeTwilio::start(app.portal.clock.clone()).await, FakeTwilio::start(app.portal.clock.clone()).await);
        let app = with(app, |app| {
            vec![twilio_of(app, "one", &one.base, "AC1", "12345"), twilio_of(app, "two", &two.base, "AC1", "12345")]
        })
        .await;
        let browser = arrived(&app).await;
        one.is_now(crate::support::twilio::Manner::Refuse("503 Away", ""));
        send(&app, &browser, FIRST).await;
        let sid = two.last().sid;
        let fields = [("MessageSid", sid.as_str()), ("MessageStatus", "delivered")];
        assert_eq!(receipt(&app, PATH, &fields).await, 204);
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'delivered' AND gateway = 'two'").await, 1);
    }
}
