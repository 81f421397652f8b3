//! Mails that come back, and the mailboxes that refuse them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use guichet::alarms::Watch;
use guichet::carriers::gateway::Kind;
use guichet::carriers::sms::SmsMemory;
use guichet::carriers::{Carriers, Gateway, Gateways, MailCarrier};
use guichet::db::Patience;
use guichet::delivery::bounces::{self, Summary};
use guichet::delivery::mailbox;
use guichet::entities::account::MailboxFault;
use guichet::entities::message;
use guichet::portal::Portal;
use guichet::settings::MailChoice;
use sea_orm::EntityTrait as _;

use crate::support::app::peer;
use crate::support::{App, PASSWORD, Voter, on_both, voter};

/// The app with a mailbox for what comes back.
fn with_bounces(mut app: App) -> App {
    let mut settings = (*app.portal.settings).clone();
    settings.mail.bounces = Some("rebonds@vote.example".into());
    app.portal.settings = Arc::new(settings);
    app
}

/// The app on a real SMTP server.
fn on_smtp(app: App, server: String) -> App {
    let mut app = with_bounces(app);
    let mut settings = (*app.portal.settings).clone();
    settings.mail.carrier = MailChoice::Smtp;
    settings.mail.smtp_url = Some(server.into());
    settings.mail.from = "Vote <vote@vote.example>".into();
    app.portal.carriers = Arc::new(Carriers {
        mail: MailCarrier::from_settings(&settings).unwrap(),
        sms: Gateways::new(vec![Gateway::new("memory", Kind::Memory(Arc::new(SmsMemory::default().into())), 0)]),
    });
    app.portal.settings = Arc::new(settings);
    app
}

fn maildir(app: &App) -> PathBuf {
    let folder = app.folder.path().join("maildir");
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(folder.join(part)).unwrap();
    }
    folder
}

/// The mails of a maildir that name an address.
fn mails_naming(maildir: &Path, address: &str) -> Vec<String> {
    let mails = fs::read_dir(maildir.join("new")).unwrap();
    let mails = mails.map(|mail| String::from_utf8_lossy(&fs::read(mail.unwrap().path()).unwrap()).into_owned());
    mails.filter(|mail| mail.contains(address)).collect()
}

fn with_address(n: u32, local: &str, app: &App) -> Voter {
    // The server is shared by tests that run at once.
    let unique = app.folder.path().file_name().unwrap().to_string_lossy().trim_start_matches('.').to_lowercase();
    Voter { email: format!("{local}.{unique}@ac-valmont.example"), ..voter(n) }
}

async fn found(app: &App) -> Vec<(String, MailboxFault)> {
    let found = mailbox::out_of_reach(&app.portal, 0).await.unwrap();
    found.into_iter().map(|found| (found.email.unwrap(), found.fault)).collect()
}

on_both! {
    async fn a_mailbox_that_returns_mail_is_known_until_its_owner_uses_a_link(app: App) {
        let Some(server) = peer("GUICHET_TEST_SMTP", "bounces::a_mailbox_that_returns_mail") else { return };
        let received = PathBuf::from(std::env::var("GUICHET_TEST_MAILDIR").unwrap());
        let returned = PathBuf::from(format!("{}-returned", received.display()));
        let app = on_smtp(app, server);
        let people: Vec<_> = ["full", "gone", "refuse", "fine"]
            .into_iter()
            .zip(1..)
            .map(|(local, n)| with_address(n, local, &app))
            .collect();
        app.enrol(&people).await;
        for person in &people {
            app.browser().ask_link(&app, person).await;
        }
        let [full, gone, refuse, fine] = &people[..] else { panic!() };
        assert_eq!(found(&app).await, [(refuse.email.clone(), MailboxFault::Unknown)], "the server said so at once");

        let maildir = maildir(&app);
        for (n, person) in people.iter().enumerate() {
            for report in mails_naming(&returned, &person.email) {
                fs::write(maildir.join(format!("new/{n}.mx")), report).unwrap();
            }
        }
        let summary = bounces::read(&app.portal, &maildir).await.unwrap().unwrap();
        assert_eq!(summary, Summary { full: 1, unknown: 1, ..Summary::default() });
        let all = [
            (full.email.clone(), MailboxFault::Full),
            (gone.email.clone(), MailboxFault::Unknown),
            (refuse.email.clone(), MailboxFault::Unknown),
        ];
        assert_eq!(found(&app).await, all);
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'failed' AND code = '5.2.2'").await, 1);
        assert_eq!(fs::read_dir(maildir.join("cur")).unwrap().count(), 2);
        assert_eq!(bounces::read(&app.portal, &maildir).await.unwrap().unwrap(), Summary::default());
        assert!(mails_naming(&returned, &fine.email).is_empty());

        let mail = mails_naming(&received, &full.email).pop().unwrap();
        let mail = mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap().body_text(0).unwrap().into_owned();
        let link = mail.split_whitespace().find_map(|word| word.strip_prefix("http://localhost:8000")).unwrap().to_owned();
        let fields = [("password", PASSWORD), ("password_again", PASSWORD)];
        app.browser().post(&link, &fields).await.expect(200, "password-changed");
        assert_eq!(found(&app).await, all[1..]);
    }
}

fn report(to: &str, status: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: <{to}>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: {status}\r\n--b--\r\n",
        voter(1).email
    )
}

on_both! {
    async fn only_reports_on_our_own_mails_mark_a_mailbox(app: App) {
        let app = with_bounces(app);
        app.enrol(&[voter(1)]).await;
        app.browser().ask_link(&app, &voter(1)).await;
        let mail = message::Entity::find().one(&app.portal.db).await.unwrap().unwrap();
        let id = mail.id;
        let right = bounces::cover(&app.portal, &mail).return_path.unwrap();
        let older = message::Model { created_at: mail.created_at - chrono::TimeDelta::days(1), ..mail };
        let rehearsal = bounces::cover(&app.portal, &older).return_path.unwrap();
        assert!(right.split('@').next().unwrap().len() <= 64, "RFC 5321");
        let maildir = maildir(&app);
        let forged = [
            format!("rebonds+{id}-0123456789abcdef@vote.example"),
            right.replace(&format!("+{id}-"), &format!("+{}-", id + 1)),
            format!("rebonds+{id}@vote.example"),
            "rebonds@vote.example".to_owned(),
            // Another database under the same secret counts from 1 again.
            rehearsal,
        ];
        for (n, address) in forged.iter().enumerate() {
            fs::write(maildir.join(format!("new/{n}")), report(address, "5.2.2")).unwrap();
        }
        fs::write(maildir.join("new/8"), "Subject: Absence\r\n\r\nJe suis en congé.").unwrap();
        fs::write(maildir.join("new/9"), [0xff, 0x00, 0xfe]).unwrap();
        fs::create_dir(maildir.join("new/a-folder")).unwrap();
        fs::write(maildir.join("new/.hidden"), "no mail").unwrap();
        let summary = bounces::read(&app.portal, &maildir).await.unwrap().unwrap();
        assert_eq!(summary, Summary { strange: 7, ..Summary::default() });
        assert!(found(&app).await.is_empty());
        let left: Vec<_> = fs::read_dir(maildir.join("cur")).unwrap().map(|f| f.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| name.to_string_lossy().ends_with(":2,")), "left unread: {left:?}");

        // Some servers change an address's case.
        fs::write(maildir.join("new/10"), report(&right.to_uppercase(), "5.2.2")).unwrap();
        fs::write(maildir.join("new/11"), report(&right, "5.2.2")).unwrap();
        bounces::read(&app.portal, &maildir).await.unwrap().unwrap();
        assert_eq!(found(&app).await, [(voter(1).email, MailboxFault::Full)]);
        assert!(bounces::read(&app.portal, app.folder.path()).await.unwrap().is_err(), "no maildir");
    }
}

on_both! {
    async fn what_is_returned_for_our_sake_or_to_the_assistance_calls_the_operator(app: App) {
        let app = with_bounces(app);
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        browser.ask_identifier(&voter(1), "06 12 34 56 78").await.expect(200, "issued");
        app.drain().await;
        app.browser().post(&app.mailed_link(&voter(1).email, "/pas-moi/"), &[]).await.expect(200, "frozen");
        app.drain().await;
        let mails = message::Entity::find().all(&app.portal.db).await.unwrap();
        let maildir = maildir(&app);
        for (letter, status) in [("password-link", "5.7.1"), ("disavowal-reported", "5.1.1")] {
            let mail = mails.iter().find(|mail| mail.letter == letter).unwrap();
            let to = bounces::cover(&app.portal, mail).return_path.unwrap();
            fs::write(maildir.join("new").join(letter), report(&to, status)).unwrap();
        }
        let summary = bounces::read(&app.portal, &maildir).await.unwrap().unwrap();
        assert_eq!(summary, Summary { ours: 1, unknown: 1, ..Summary::default() });
        assert!(found(&app).await.is_empty(), "no voter's mailbox is to blame");
        // The command ends; a portal on the same database shows what it met.
        let serving = Portal::open((*app.portal.settings).clone(), Patience::PAGES).await.unwrap();
        for _ in 0..2 {
            Watch::default().look(&serving).await.unwrap();
            let figures = serving.metrics.text().unwrap();
            for what in ["returned-for-our-sake", "returned-from-assistance"] {
                assert!(figures.contains(&format!("guichet_alarms_total{{what=\"{what}\"}} 1")), "{figures}");
            }
        }
    }
}
