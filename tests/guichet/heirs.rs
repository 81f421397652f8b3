//! An address that a roll gives to another person: nothing of the one before opens, holds back or shows anything to them.

use chrono::Duration;
use guichet::carriers::{Handover, Reason};
use guichet::entities::election;
use guichet::entities::message::Channel;
use guichet::outbox::post;
use guichet::recovery::answer::answer_next;
use sea_orm::ConnectionTrait as _;

use crate::support::{App, Browser, PASSWORD, Voter, on_both, voter};

const PHONE: &str = "06 12 34 56 78";
const LINK: &str = "/mot-de-passe/nouveau/";
const PASSED: &str = "Votre adresse d’avant";

fn at(voter: Voter, email: &str) -> Voter {
    Voter { email: email.into(), ..voter }
}

/// The holder of an address: signed in, with a link that has arrived and one that waits, one failed check, English letters,
/// and strangers who have failed as often as they may.
async fn holder(app: &App) -> (Browser, String) {
    app.enrol(&[voter(1)]).await;
    let browser = app.browser();
    browser.arrive(app, &voter(1)).await;
    let mistaken = Voter { birthdate: "01/01/1950".into(), ..voter(1) };
    browser.ask_identifier(&mistaken, PHONE).await.expect(422, "identity-refused");
    app.wait(Duration::minutes(1));
    app.browser().ask_link(app, &voter(1)).await;
    let link = app.mailed_link(&voter(1).email, LINK);
    app.wait(Duration::minutes(1));
    app.browser().post("/mot-de-passe/oublie/confirmer", &[("email", &voter(1).email)]).await.expect(200, "reset-sent");
    assert!(answer_next(&app.portal).await.unwrap());
    for _ in 0..5 {
        app.browser().sign_in(&voter(1), "Autre9chose").await;
    }
    app.browser().sign_in(&voter(1), PASSWORD).await.expect(429, "throttled");
    let marks = "UPDATE account SET language = 'en', mailbox_fault = 'full', mailbox_fault_at = created_at";
    app.portal.db.execute_unprepared(marks).await.unwrap();
    (browser, link)
}

/// The heir finds nothing of the one before, and activates the account.
async fn inherits(app: &App, heir: &Voter, before: &Browser, link: &str) {
    assert_eq!(before.get("/electeur").await.path, "/connexion", "the session of before has ended");
    before.sign_in(heir, PASSWORD).await.expect(422, "sign-in-refused");
    app.browser().get(link).await.expect(410, "link-expired");
    let marked = format!(
        "SELECT COUNT(*) FROM account WHERE email = '{}' AND (language = 'en' OR mailbox_fault IS NOT NULL)",
        heir.email
    );
    assert_eq!(app.count(&marked).await, 0);
    let links = || app.mails_to(&heir.email).iter().filter(|mail| mail.text.contains(LINK)).count();
    let arrived = links();
    app.drain().await;
    assert_eq!(links(), arrived, "the link that waited for the one before does not leave");
    // On the same machine, where a form of the one before may be kept.
    app.wait(Duration::minutes(1));
    before.ask_link(app, heir).await;
    let own = app.mailed_link(&heir.email, LINK);
    let fields = [("password", "Brume4Tilleul"), ("password_again", "Brume4Tilleul")];
    before.post(&own, &fields).await.expect(200, "password-changed");
    let space = before.sign_in(heir, "Brume4Tilleul").await;
    assert_eq!(space.path, "/electeur");
    assert!(space.html.contains(&heir.last_name) && !space.html.contains("Ormeau1<"), "{}", space.html);
    let form = before.get("/electeur/identifiant").await;
    assert!(form.html.contains("identifiant") && !form.html.contains(&voter(1).numen));
    before.ask_identifier(heir, "06 12 34 56 99").await.expect(200, "issued");
}

fn told(app: &App, email: &str) -> usize {
    app.mails_to(email).iter().filter(|mail| mail.subject.starts_with(PASSED)).count()
}

async fn failed_checks(app: &App, name: &str) -> i64 {
    app.count(&format!("SELECT COALESCE(SUM(failed_checks), 0) FROM voter WHERE last_name = '{name}'")).await
}

async fn dry_run(app: &App, election: &election::Model, voters: &[Voter]) -> u64 {
    let lines: Vec<String> = voters.iter().map(Voter::line).collect();
    let text = format!("{}\n{}\n", Voter::HEADER, lines.join("\n"));
    app.import(election, text.as_bytes(), true).await.unwrap().0.passed
}

const ELSEWHERE: &str = "d.ormeau1.bis@ac-valmont.example";

on_both! {
    async fn in_one_file(app: App) {
        let (before, link) = holder(&app).await;
        let heir = at(voter(2), &voter(1).email);
        let file = [heir.clone(), at(voter(1), ELSEWHERE)];
        assert_eq!(dry_run(&app, &app.election, &file).await, 1);
        app.enrol(&file).await;
        inherits(&app, &heir, &before, &link).await;
        assert_eq!((told(&app, ELSEWHERE), told(&app, &heir.email)), (1, 0));
        assert_eq!((failed_checks(&app, "Ormeau1").await, failed_checks(&app, "Ormeau2").await), (1, 0));
        // The one before is at home where the roll says.
        let browser = app.browser();
        browser.arrive(&app, &at(voter(1), ELSEWHERE)).await;
        browser.ask_identifier(&voter(1), PHONE).await.expect(200, "issued");
    }
}

on_both! {
    async fn across_two_files(app: App) {
        let (before, link) = holder(&app).await;
        app.enrol(&[at(voter(1), ELSEWHERE)]).await;
        app.drain().await;
        assert_eq!(told(&app, ELSEWHERE), 0, "nobody has the address yet");
        let heir = at(voter(2), &voter(1).email);
        assert_eq!(dry_run(&app, &app.election, std::slice::from_ref(&heir)).await, 1);
        app.enrol(std::slice::from_ref(&heir)).await;
        inherits(&app, &heir, &before, &link).await;
        assert_eq!(told(&app, ELSEWHERE), 1);
    }
}

on_both! {
    async fn voters_who_exchange_addresses(app: App) {
        let (before, link) = holder(&app).await;
        app.enrol(&[voter(2)]).await;
        app.browser().set_password(&app, &voter(2)).await;
        let heir = at(voter(2), &voter(1).email);
        app.enrol(&[heir.clone(), at(voter(1), &voter(2).email)]).await;
        inherits(&app, &heir, &before, &link).await;
        assert_eq!((told(&app, &voter(2).email), told(&app, &heir.email)), (1, 1), "each at the address of now");
    }
}

on_both! {
    /// The one before stands on the first election's roll still, at an address that is another person's now.
    async fn across_elections(app: App) {
        let (before, link) = holder(&app).await;
        let other = app.add_election("Conseil des sages").await;
        let heir = at(voter(2), &voter(1).email);
        assert_eq!(dry_run(&app, &other, std::slice::from_ref(&heir)).await, 1);
        app.enrol_in(&other, std::slice::from_ref(&heir)).await;
        inherits(&app, &heir, &before, &link).await;
        assert_eq!((failed_checks(&app, "Ormeau1").await, failed_checks(&app, "Ormeau2").await), (1, 0));
        let list = app.command().args(["bounces", "list"]).output().unwrap();
        let list = String::from_utf8(list.stdout).unwrap();
        assert!(list.contains(";Ormeau1;Dominique;;passée à une autre personne;"), "{list}");

        // Wherever a roll gives them an address, they are there with all that is theirs.
        app.enrol_in(&other, &[at(voter(1), ELSEWHERE)]).await;
        app.drain().await;
        assert_eq!((told(&app, ELSEWHERE), told(&app, &heir.email)), (1, 0));
        let browser = app.browser();
        browser.arrive(&app, &at(voter(1), ELSEWHERE)).await;
        let first = format!("/electeur/identifiant?election={}", app.election.id);
        browser.get(&first).await.expect(200, "");
        let at_home = format!("SELECT COUNT(*) FROM voter JOIN account ON account.id = account_id WHERE email = '{ELSEWHERE}'");
        assert_eq!(app.count(&at_home).await, 2);
    }
}

on_both! {
    /// In whichever order a file names the two, and from the roll of the first election, too.
    async fn the_one_before_is_brought_to_the_address_that_any_roll_gives_them(app: App) {
        app.enrol(&[voter(1), voter(3), voter(5)]).await;
        let other = app.add_election("Conseil des sages").await;
        let (two, four, six) = (at(voter(2), &voter(1).email), at(voter(4), &voter(3).email), at(voter(6), &voter(5).email));
        let (one, three) = (at(voter(1), ELSEWHERE), at(voter(3), "d.ormeau3.bis@ac-valmont.example"));
        app.enrol_in(&other, &[two, one, three.clone(), four, six]).await;
        let stranded = "SELECT COUNT(*) FROM voter JOIN account ON account.id = account_id WHERE email NOT LIKE '%@%'";
        assert_eq!(app.count(stranded).await, 1);
        app.enrol(&[at(voter(5), "d.ormeau5.bis@ac-valmont.example")]).await;
        assert_eq!(app.count(stranded).await, 0);
        app.browser().arrive(&app, &three).await;
        assert_eq!(app.count("SELECT COUNT(*) FROM voter").await, 8);
    }
}

on_both! {
    async fn the_same_person_keeps_what_is_theirs(app: App) {
        let (before, link) = holder(&app).await;
        let other = app.add_election("Conseil des sages").await;
        let married = Voter { last_name: "Peuplier".into(), first_names: "Dominique Anne".into(), ..voter(1) };
        let mistyped = Voter { numen: voter(90).numen, ..married.clone() };
        let third = app.add_election("Conseil des jeunes").await;
        for (election, person) in [(&other, &married), (&app.election, &married), (&third, &mistyped), (&third, &married)] {
            app.enrol_in(election, std::slice::from_ref(person)).await;
        }
        assert_eq!(before.get("/electeur").await.path, "/electeur");
        app.browser().get(&link).await.expect(200, "");
        assert_eq!(app.count("SELECT COUNT(*) FROM voter JOIN account ON account.id = account_id WHERE email NOT LIKE '%@%'").await, 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM account").await, 1);
        assert_eq!(told(&app, &voter(1).email), 0);
    }
}

on_both! {
    async fn who_comes_back_to_their_own_address_proves_it_by_a_link_and_is_told_nothing(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        for email in [ELSEWHERE, &voter(1).email] {
            app.enrol(&[at(voter(1), email)]).await;
            app.drain().await;
        }
        // Meanwhile whoever read its mail could have opened it.
        app.browser().sign_in(&voter(1), PASSWORD).await.expect(422, "sign-in-refused");
        assert_eq!(told(&app, &voter(1).email) + told(&app, ELSEWHERE), 0);
        app.wait(Duration::minutes(1));
        app.browser().arrive(&app, &voter(1)).await;
    }
}

on_both! {
    /// What was under way for the one before ends without a mail to the heir.
    async fn what_fails_later_for_the_one_before_is_not_told_to_the_heir(app: App) {
        app.enrol(&[voter(1)]).await;
        let before = app.browser();
        before.arrive(&app, &voter(1)).await;
        before.ask_identifier(&voter(1), PHONE).await.expect(200, "issued");
        app.drain().await;
        let disavow = app.mailed_link(&voter(1).email, "/pas-moi/");
        before.ask_identifier(&voter(1), PHONE).await.expect(200, "issued");
        let other = app.add_election("Conseil des sages").await;
        let heir = at(voter(2), &voter(1).email);
        app.enrol_in(&other, std::slice::from_ref(&heir)).await;
        let before = app.mails_to(&heir.email).len();
        app.sms_answers(vec![Handover::Refused(Reason::Number.into())]);
        app.drain().await;
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier WHERE state = 'voided'").await, 1);
        app.browser().post(&disavow, &[]).await.expect(200, "frozen");
        app.drain().await;
        assert_eq!(app.mails_to(&heir.email).len(), before);
        let to_nobody = "SELECT COUNT(*) FROM message WHERE letter IN ('identifier-voided', 'identifier-disavowed')";
        assert_eq!(app.count(to_nobody).await, 0, "who has no address is not written to");
        assert_eq!(app.mails_to(&app.election.support_email).len(), 1, "the assistance is told");
    }
}

on_both! {
    /// Before anything is written, also where the election itself has nobody on its roll yet.
    async fn how_many_addresses_pass_is_told_before(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        app.add_election("Conseil des sages").await;
        let lines = [at(voter(3), &voter(1).email), at(voter(4), &voter(2).email), voter(5)].map(|voter| voter.line());
        app.file("liste.csv", format!("{}\n{}\n", Voter::HEADER, lines.join("\n")).as_bytes());
        for more in [&["--dry-run"][..], &[]] {
            let import = ["roll", "import", "--election", "2", "liste.csv"];
            let output = app.command().args(import).args(more).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap().replace('\u{202f}', " ");
            assert_eq!(said.matches("2 adresses passent à une autre personne :").count(), 1, "{said}");
        }
        let again = app.command().args(["roll", "import", "--election", "2", "liste.csv"]).output().unwrap();
        assert!(!String::from_utf8(again.stderr).unwrap().contains("passent"));
    }
}

on_both! {
    async fn in_a_circle_larger_than_a_portion_each_is_told_once(app: App) {
        const ALL: u32 = 1_500;
        let before: Vec<_> = (0..ALL).map(voter).collect();
        app.enrol(&before).await;
        app.portal.db.execute_unprepared("UPDATE account SET password_hash = 'a hash'").await.unwrap();
        let after: Vec<_> = (0..ALL).map(|n| at(voter(n), &voter((n + 1) % ALL).email)).collect();
        app.enrol(&after).await;
        assert_eq!(app.count("SELECT COUNT(*) FROM account WHERE password_hash IS NOT NULL").await, 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM voter JOIN account ON account.id = account_id WHERE email LIKE '%@%'").await, i64::from(ALL));
        let told = "SELECT COUNT(DISTINCT account_id) FROM message WHERE letter = 'address-passed'";
        assert_eq!(app.count(told).await, i64::from(ALL));
        assert_eq!(app.count(&told.replace("DISTINCT ", "")).await, i64::from(ALL));
    }
}

on_both! {
    async fn what_waits_or_is_put_off_for_the_one_before_does_not_reach_the_heir(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().arrive(&app, &voter(1)).await;
        app.wait(Duration::minutes(1));
        app.browser().post("/mot-de-passe/oublie/confirmer", &[("email", &voter(1).email)]).await.expect(200, "reset-sent");
        assert!(answer_next(&app.portal).await.unwrap());
        let before = app.mails_to(&voter(1).email).len();
        // One in hand of a worker that dies, one that waits.
        assert!(post::claim(&app.portal, Channel::Mail, None, 64).await.unwrap().len() > 1);
        app.portal.db.execute_unprepared("UPDATE message SET state = 'queued' WHERE letter = 'password-changed'").await.unwrap();
        app.enrol_in(&app.add_election("Conseil des sages").await, &[at(voter(2), &voter(1).email)]).await;
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE failure = 'replaced'").await, 1);
        app.wait(Duration::minutes(2));
        app.drain().await;
        assert_eq!(app.mails_to(&voter(1).email).len(), before);
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE failure = 'replaced'").await, 2);
    }
}
