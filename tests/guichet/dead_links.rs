//! Links that open no more do not leave; those that live together all arrive, and each works.

use chrono::Duration;
use guichet::entities::message::Channel;
use guichet::outbox::post;
use guichet::recovery::answer::answer_next;

use crate::support::{App, PASSWORD, Voter, on_both, voter};

const LINK: &str = "/mot-de-passe/nouveau/";

/// Asks for a link whose mail waits to leave.
async fn ask(app: &App, voter: &Voter) {
    app.wait(Duration::minutes(1));
    let sent = app.browser().post("/mot-de-passe/oublie/confirmer", &[("email", &voter.email)]).await;
    sent.expect(200, "reset-sent");
    assert!(answer_next(&app.portal).await.unwrap());
}

/// Every link that has arrived.
fn links(app: &App, voter: &Voter) -> Vec<String> {
    let public_url = app.portal.settings.public_url();
    let texts = app.mails_to(&voter.email).into_iter().map(|mail| mail.text);
    let words: Vec<String> =
        texts.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
    words
        .iter()
        .filter(|word| word.contains(LINK))
        .map(|word| word.strip_prefix(public_url).unwrap().to_owned())
        .collect()
}

async fn withdrawn(app: &App) -> i64 {
    let query = "SELECT COUNT(*) FROM message WHERE letter = 'password-link' AND state = 'expired' \
                 AND failure = 'replaced' AND sealed IS NULL AND ended_at IS NOT NULL";
    app.count(query).await
}

on_both! {
    async fn a_link_that_is_used_takes_back_the_mails_of_the_others(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        ask(&app, &voter(1)).await;
        app.drain().await;
        for _ in 0..2 {
            ask(&app, &voter(1)).await;
        }
        ask(&app, &voter(2)).await;
        let first = app.mailed_link(&voter(1).email, LINK);
        let fields = [("password", PASSWORD), ("password_again", PASSWORD)];
        app.browser().post(&first, &fields).await.expect(200, "password-changed");
        assert_eq!(withdrawn(&app).await, 2);
        app.drain().await;
        assert_eq!(links(&app, &voter(1)), [first]);
        assert!(app.mails_to(&voter(1).email).last().unwrap().subject.contains("a changé"), "that is told all the same");
        // A neighbour's goes on.
        app.browser().post(&app.mailed_link(&voter(2).email, LINK), &fields).await.expect(200, "password-changed");
    }
}

on_both! {
    async fn a_link_that_makes_room_does_not_leave_and_those_that_live_together_all_work(app: App) {
        app.enrol(&[voter(1)]).await;
        for _ in 0..5 {
            ask(&app, &voter(1)).await;
        }
        assert_eq!(withdrawn(&app).await, 0);
        app.wait(Duration::minutes(61));
        ask(&app, &voter(1)).await;
        assert_eq!(withdrawn(&app).await, 1);
        app.drain().await;
        let arrived = links(&app, &voter(1));
        assert_eq!(arrived.len(), 5);
        for link in &arrived {
            app.browser().get(link).await.expect(200, "");
        }
        let fields = [("password", PASSWORD), ("password_again", PASSWORD)];
        app.browser().post(&arrived[2], &fields).await.expect(200, "password-changed");
    }
}

on_both! {
    async fn a_mail_in_hand_is_left_alone_and_not_tried_again_once_its_link_is_dead(app: App) {
        app.enrol(&[voter(1)]).await;
        ask(&app, &voter(1)).await;
        app.drain().await;
        ask(&app, &voter(1)).await;
        assert_eq!(post::claim(&app.portal, Channel::Mail, None, 64).await.unwrap().len(), 1);
        let first = app.mailed_link(&voter(1).email, LINK);
        let fields = [("password", PASSWORD), ("password_again", PASSWORD)];
        app.browser().post(&first, &fields).await.expect(200, "password-changed");
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'sending' AND sealed IS NOT NULL").await, 1);
        // Whoever had it died; the next one looks before trying again.
        app.wait(Duration::minutes(2));
        app.drain().await;
        assert_eq!(links(&app, &voter(1)), [first]);
        assert_eq!(withdrawn(&app).await, 1);
    }
}

on_both! {
    async fn a_mail_that_is_put_off_leaves_later_while_its_link_lives(app: App) {
        app.enrol(&[voter(1)]).await;
        ask(&app, &voter(1)).await;
        post::claim(&app.portal, Channel::Mail, None, 64).await.unwrap();
        app.wait(Duration::minutes(2));
        app.drain().await;
        app.browser().get(&app.mailed_link(&voter(1).email, LINK)).await.expect(200, "");
    }
}
