//! Of several SMS, each is taken for itself: when answers were lost, when one phone is asked for twice, after a restore.

use chrono::Duration;
use guichet::entities::{message, voting_identifier};
use guichet::values::VotingIdentifier;
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::support::sms::{FIRST, PUBLIC, of_state, on_twilio, receipt, send};
use crate::support::twilio::{FakeTwilio, Manner};
use crate::support::{App, on_both, voter};

/// Whether each message that was taken is known under the name of an SMS with its own identifier.
async fn each_is_itself(app: &App, fake: &FakeTwilio) -> bool {
    let identifiers = voting_identifier::Entity::find().all(&app.portal.db).await.unwrap();
    let taken = fake.taken.lock().unwrap().clone();
    for identifier in identifiers {
        let sms = message::Entity::find_by_id(identifier.sms_id).one(&app.portal.db).await.unwrap().unwrap();
        let Some(sid) = sms.carrier_id else { continue };
        let keys = app.portal.keys.of_election(identifier.election_id);
        let body = &taken.iter().find(|taken| taken.sid == sid).unwrap().body;
        let words = body.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        if !words.filter_map(VotingIdentifier::parse).any(|one| one.digest(&keys) == identifier.digest) {
            return false;
        }
    }
    true
}

on_both! {
    /// Two elections of one voter, one phone; both answers are lost, and only the first SMS was taken.
    async fn an_sms_to_a_number_is_not_taken_for_another_to_it(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        let second = app.add_election("Conseil des sages").await;
        app.enrol_in(&second, &[voter(1)]).await;
        fake.is_now(Manner::TakeAndClose);
        for (election, manner) in [(app.election.id, Manner::TakeAndClose), (second.id, Manner::Refuse("500 Broken", ""))] {
            fake.is_now(manner);
            let page = browser.get(&format!("/electeur/identifiant?election={election}")).await;
            let mut form = voter(1).form(FIRST, &page.input("captcha_id"));
            form.push(("election", election.to_string()));
            browser.submit(&form).await.expect(200, "issued");
            app.drain().await;
        }
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE unsure AND channel = 'sms'").await, 2);
        fake.is_now(Manner::Take);
        for _ in 0..5 {
            app.wait(Duration::minutes(1));
            app.drain().await;
        }
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'accepted' AND channel = 'sms'").await, 2);
        assert!(each_is_itself(&app, &fake).await);
    }
}

on_both! {
    async fn a_receipt_undoes_a_match_that_was_wrong(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        let second = app.add_election("Conseil des sages").await;
        app.enrol_in(&second, &[voter(1)]).await;
        fake.is_now(Manner::TakeAndClose);
        *fake.lists.lock().unwrap() = false;
        send(&app, &browser, FIRST).await;
        let taken = fake.last();
        // Another message has taken it for its own.
        fake.is_now(Manner::Refuse("500 Broken", ""));
        let page = browser.get(&format!("/electeur/identifiant?election={}", second.id)).await;
        let mut form = voter(1).form(FIRST, &page.input("captcha_id"));
        form.push(("election", second.id.to_string()));
        browser.submit(&form).await.expect(200, "issued");
        app.drain().await;
        let wrong = format!(
            "UPDATE message SET carrier_id = '{}', state = 'accepted', unsure = FALSE, ended_at = created_at \
             WHERE id = (SELECT MAX(sms_id) FROM voting_identifier)",
            taken.sid
        );
        app.portal.db.execute_unprepared(&wrong).await.unwrap();
        let path = taken.callback.strip_prefix(PUBLIC).unwrap();
        let fields = [("MessageSid", taken.sid.as_str()), ("MessageStatus", "delivered")];
        assert_eq!(receipt(&app, path, &fields).await, 204);
        assert!(each_is_itself(&app, &fake).await);
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'delivered'").await, 1);
        assert_eq!((of_state(&app, "active").await, of_state(&app, "voided").await), (1, 1));
    }
}

on_both! {
    /// As after a restore: the number is another message's, or was made up.
    async fn a_receipt_is_believed_under_its_seal_only(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        fake.is_now(Manner::TakeAndClose);
        *fake.lists.lock().unwrap() = false;
        send(&app, &browser, FIRST).await;
        let taken = fake.last();
        let path = taken.callback.strip_prefix(PUBLIC).unwrap().to_owned();
        let fields = [("MessageSid", taken.sid.as_str()), ("MessageStatus", "delivered")];
        let (number, _) = path.split_once('-').unwrap();
        for forged in [number.to_owned(), format!("{number}-0123456789abcdef"), "/webhooks/twilio?message=x".to_owned()] {
            assert_eq!(receipt(&app, &forged, &fields).await, 204, "{forged}");
        }
        app.portal.db.execute_unprepared("UPDATE message SET created_at = '2026-11-24 08:59:00+00:00' WHERE channel = 'sms'").await.unwrap();
        assert_eq!(receipt(&app, &path, &fields).await, 204);
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'delivered'").await, 0);
        assert!(app.browser().get("/metrics").await.html.contains("guichet_receipts_total{outcome=\"unknown\"} 4"));
    }
}

on_both! {
    /// A gateway breaks for half a minute, and its list says that it has nothing.
    async fn a_short_breakdown_holds_an_sms_up_for_seconds(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        fake.is_now(Manner::Refuse("500 Broken", ""));
        send(&app, &browser, FIRST).await;
        let mut waited = 0;
        while fake.count() == 0 {
            if waited == 26 {
                fake.is_now(Manner::Take);
            }
            app.wait(Duration::seconds(1));
            waited += 1;
            app.drain().await;
            assert!(waited < 100, "it still waits");
        }
        assert!((27..=90).contains(&waited), "{waited} s");
        assert_eq!(app.count("SELECT SUM(resent) FROM message").await, 0, "nothing was in doubt");
        assert!(each_is_itself(&app, &fake).await);
    }
}

on_both! {
    async fn what_was_certainly_not_taken_frees_its_number_at_the_end(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        fake.is_now(Manner::Refuse("500 Broken", ""));
        send(&app, &browser, FIRST).await;
        for _ in 0..32 {
            app.wait(Duration::minutes(1));
            app.drain().await;
        }
        assert_eq!((of_state(&app, "voided").await, fake.count()), (1, 0));
        assert_eq!(app.count("SELECT COUNT(*) FROM phone_claim").await, 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'expired' AND unsure").await, 0);
    }
}

on_both! {
    async fn no_pause_that_a_gateway_asks_for_outlasts_what_waits(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        fake.is_now(Manner::Refuse("429 Slow\r\nRetry-After: 3600", "{\"code\":20429}"));
        send(&app, &browser, FIRST).await;
        fake.is_now(Manner::Take);
        for _ in 0..6 {
            app.wait(Duration::minutes(1));
            app.drain().await;
        }
        assert_eq!((fake.count(), of_state(&app, "active").await), (1, 1));
    }
}
