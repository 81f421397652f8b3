//! What one voter, and all of them together, may cost in SMS.

use chrono::Duration;
use guichet::carriers::{Handover, Reason};
use sea_orm::ConnectionTrait;

use crate::support::sms::{FIRST, PUBLIC, of_state, on_twilio, on_twilio_with, receipt, send};
use crate::support::{App, Browser, PASSWORD, on_both, voter};

async fn allow(app: &App, identifiers: i32) {
    let update = format!("UPDATE election SET max_identifiers = {identifiers}");
    app.portal.db.execute_unprepared(&update).await.unwrap();
}

fn alarms(app: &App, what: &str) -> u32 {
    let figures = app.portal.metrics.text().unwrap();
    let line = format!("guichet_alarms_total{{what=\"{what}\"}} ");
    figures.lines().find_map(|found| found.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
}

/// Asks again and again for as long as there is a form, a new day each time. Returns how often.
async fn insist(app: &App, browser: &Browser) -> usize {
    for asked in 0..20 {
        browser.sign_in(&voter(1), PASSWORD).await;
        let page = browser.get("/electeur/identifiant").await;
        if page.outcome() == "throttled" {
            return asked;
        }
        browser.submit(&voter(1).form(FIRST, &page.input("captcha_id"))).await.expect(200, "issued");
        app.drain().await;
        app.wait(Duration::days(1));
    }
    20
}

on_both! {
    async fn a_voter_whose_sms_all_fail_gets_five_and_is_told_whom_to_call(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        app.sms_answers(vec![Handover::Refused(Reason::Number.with("21614")); 20]);
        let browser = app.browser();
        assert_eq!(insist(&app, &browser).await, 5, "SMS handed over");
        let page = browser.get("/electeur/identifiant").await.expect(200, "throttled");
        assert!(page.text().contains("Appelez l’assistance au 01 23 45 67 89"), "{}", page.html);
        assert!(page.text().contains("nous n’en envoyons plus à votre nom"), "{}", page.html);
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "voided");
        assert!(!page.text().contains("essai vous est rendu"), "{}", page.html);
        let form = voter(1).form(FIRST, &"0".repeat(64));
        browser.submit(&form).await.expect(403, "throttled");
        let mails = app.mails_to(&voter(1).email);
        let told = |sentence: &str| mails.iter().filter(|mail| mail.text.contains(sentence)).count();
        assert_eq!((told("votre essai vous est rendu"), told("plus de SMS à votre nom")), (4, 1));
        assert!(mails.last().unwrap().text.contains("01 23 45 67 89"), "{}", mails.last().unwrap().text);
        assert_eq!(alarms(&app, "returns"), 1);
    }
}

on_both! {
    async fn of_twenty_requests_at_once_a_day_takes_five(app: App) {
        app.enrol(&[voter(1)]).await;
        allow(&app, 20).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let mut forms = Vec::new();
        for n in 0..20 {
            forms.push(voter(1).form(&format!("06 12 34 56 {n:02}"), &browser.captcha().await));
        }
        let submit = |form: Vec<(&'static str, String)>| {
            let browser = browser.clone();
            tokio::spawn(async move { browser.submit(&form).await.outcome().to_owned() })
        };
        let tasks: Vec<_> = forms.into_iter().map(submit).collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.unwrap());
        }
        let of = |outcome: &str| outcomes.iter().filter(|found| *found == outcome).count();
        assert_eq!((of("issued"), of("throttled")), (5, 15), "{outcomes:?}");
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier").await, 5);
        assert_eq!(app.count("SELECT COUNT(*) FROM identity_check WHERE outcome = 'requests-used-up'").await, 15);
        assert_eq!(alarms(&app, "requests"), 1);
        let page = browser.get("/electeur/identifiant").await.expect(200, "throttled");
        assert!(page.text().contains("Réessayez demain, ou appelez l’assistance au 01 23 45 67 89"), "{}", page.html);
        app.wait(Duration::hours(14));
        browser.sign_in(&voter(1), PASSWORD).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
    }
}

on_both! {
    async fn receipts_that_come_at_once_give_five_tries_back_and_no_more(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        allow(&app, 20).await;
        for n in 0..8 {
            if n == 4 {
                app.wait(Duration::days(1));
                browser.sign_in(&voter(1), PASSWORD).await;
            }
            send(&app, &browser, &format!("06 12 34 56 {n:02}")).await;
        }
        assert_eq!(fake.count(), 8);
        let taken = fake.taken.lock().unwrap().clone();
        let receipts = taken.iter().map(|taken| {
            let path = taken.callback.strip_prefix(PUBLIC).unwrap();
            let app = &app;
            async move {
                let fields = [("MessageSid", taken.sid.as_str()), ("MessageStatus", "undelivered"), ("ErrorCode", "30006")];
                receipt(app, path, &fields).await
            }
        });
        assert_eq!(futures::future::join_all(receipts).await, [204; 8]);
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'failed'").await, 8);
        assert_eq!((of_state(&app, "voided").await, of_state(&app, "active").await), (5, 0));
        assert_eq!(alarms(&app, "returns"), 1);
        browser.get("/electeur/identifiant").await.expect(200, "throttled");
    }
}

on_both! {
    async fn what_waits_for_the_cap_of_all_keeps_its_order_and_its_validity(app: App) {
        let (app, fake, first) = on_twilio_with(app, |sms| sms.per_hour = 2).await;
        let voters: Vec<_> = (2..=6).map(voter).collect();
        app.enrol(&voters).await;
        let mut browsers = Vec::new();
        for voter in &voters {
            let browser = app.browser();
            browser.arrive(&app, voter).await;
            browsers.push(browser);
        }
        send(&app, &first, FIRST).await;
        assert_eq!((alarms(&app, "half-cap"), alarms(&app, "cap")), (1, 0));
        // Asked for again before the others come, and behind them all the same.
        first.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        for (n, (voter, browser)) in voters.iter().zip(browsers).enumerate() {
            app.wait(Duration::seconds(1));
            browser.ask_identifier(voter, &format!("06 12 34 57 {n:02}")).await.expect(200, "issued");
        }
        for hour in [
            // With the one that had left already.
            &["+33612345678", "+33612345700"][..],
            &["+33612345701", "+33612345702"],
            &["+33612345703", "+33612345704"],
            &["+33612345678"],
        ] {
            app.drain().await;
            let mut sent: Vec<String> = fake.taken.lock().unwrap().drain(..).map(|taken| taken.to).collect();
            sent.sort_unstable();
            assert_eq!(sent, hour);
            // Longer than the half hour of their validity, which begins when the hour that they wait for does.
            app.wait(Duration::minutes(59));
            app.drain().await;
            assert_eq!((fake.count(), of_state(&app, "voided").await), (0, 0), "nothing expires for the cap");
            app.wait(Duration::minutes(1));
        }
        assert_eq!(of_state(&app, "active").await, 6);
        assert_eq!((alarms(&app, "half-cap"), alarms(&app, "cap")), (2, 3), "once an hour");
    }
}
