//! The loops behind the pages: requests are answered, messages handed over, carriers asked. Any number of processes
//! may run them on one database, and each may die at any instant. One whose machine's clock is wrong takes nothing up.

use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use futures::stream;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::alarms::Watch;
use crate::delivery::{handover, receipts};
use crate::entities::message::{Channel, Model};
use crate::fault::Fault;
use crate::outbox::{post, tally};
use crate::portal::Portal;
use crate::recovery::answer;
use crate::upkeep;

/// How long a loop sleeps when nobody wakes it: other processes enqueue, too.
const NAP: Duration = Duration::from_secs(1);
/// Requests wait for room among the mails for a part of what these may be ahead.
const ANSWERS: Duration = Duration::from_millis(250);
const CHORES: Duration = Duration::from_secs(10);
const WATCH: Duration = Duration::from_secs(5);
const SMS_AT_ONCE: usize = 128;
/// Each on a connection of its own.
const MAILS_AT_ONCE: usize = 16;
const QUESTIONS: u64 = 64;
const QUESTIONS_AT_ONCE: usize = 32;
/// Ended with one claim; where a gateway is asked, well within the lease.
const OVERDUE: u64 = 64;
/// A message waits for its carrier's pace at most so long: well within its lease.
const LONGEST_WAIT: usize = 20;

/// Works until told to stop, then finishes what it holds.
pub async fn run(portal: Portal, stop: watch::Receiver<bool>) {
    // Whoever takes over, a message is not to wait at its door for longer than its lease.
    let slowest = portal.carriers.sms.slowest();
    let mail = &portal.settings.mail;
    futures::join!(
        answer_requests(&portal, stop.clone()),
        pump(&portal, Channel::Sms, at_once(SMS_AT_ONCE, slowest), stop.clone()),
        pump(&portal, Channel::Mail, at_once(MAILS_AT_ONCE, mail.per_second), stop.clone()),
        every(NAP, stop.clone(), || {
            until_told(&stop, async {
                while portal.clock.is_sound() && ask(&portal).await? as u64 == QUESTIONS {}
                Ok(())
            })
        }),
        // What is certain does not wait for gateways that take their time.
        every(CHORES, stop.clone(), || async {
            while portal.clock.is_sound() && !*stop.borrow() && end_overdue(&portal).await? > 0 {}
            Ok(())
        }),
        every(CHORES, stop.clone(), || {
            until_told(&stop, async {
                while portal.clock.is_sound() && ask_overdue(&portal).await? > 0 {}
                Ok(())
            })
        }),
        every(CHORES, stop.clone(), || async { if portal.clock.is_sound() { chores(&portal).await } else { Ok(()) } }),
        keep_watch(&portal, stop.clone()),
    );
}

/// Works until nothing is due. For tests, and before a command-line command ends.
pub async fn drain(portal: &Portal) -> Result<(), Fault> {
    loop {
        let mut done = usize::from(answer::answer_next(portal).await?);
        done += end_overdue(portal).await? + ask_overdue(portal).await?;
        for channel in [Channel::Sms, Channel::Mail] {
            let claimed = claim(portal, channel, 64).await?;
            done += claimed.len();
            stream::iter(claimed).for_each_concurrent(16, |message| deliver(portal, message)).await;
        }
        done += ask(portal).await?;
        if done == 0 {
            return Ok(());
        }
    }
}

fn at_once(most: usize, per_second: u32) -> usize {
    match per_second {
        0 => most,
        pace => most.min(pace as usize * LONGEST_WAIT),
    }
}

/// Answers those who ask for a password.
async fn answer_requests(portal: &Portal, stop: watch::Receiver<bool>) {
    every(ANSWERS, stop, || async {
        while portal.clock.is_sound() && answer::answer_next(portal).await? {}
        Ok(())
    })
    .await;
}

/// Tells the operator of what does not go well.
async fn keep_watch(portal: &Portal, stop: watch::Receiver<bool>) {
    let watch = Mutex::new(Watch::default());
    every(WATCH, stop, || async { watch.lock().await.look(portal).await }).await;
}

/// Keeps a bounded number of messages of a channel under way.
async fn pump(portal: &Portal, channel: Channel, most: usize, mut stop: watch::Receiver<bool>) {
    let mut waiting = portal.work_waits.subscribe();
    // Tasks of their own: while this loop waits for a connection, they must go on and give theirs back.
    let mut under_way = JoinSet::new();
    // Not a claim for each single message that ends; nor do the free places wait for what takes long.
    let quarter = most.div_ceil(4);
    let (mut worth_a_claim, mut claimed_at) = (quarter, Instant::now());
    loop {
        let stopping = *stop.borrow();
        if stopping && under_way.is_empty() {
            return;
        }
        let free = most - under_way.len();
        let mut may_be_more = false;
        let is_due = free >= worth_a_claim || (free > 0 && claimed_at.elapsed() >= NAP);
        if stopping || !is_due || !portal.clock.is_sound() {
            portal.claims.answered(channel);
        } else {
            claimed_at = Instant::now();
            waiting.mark_unchanged();
            portal.claims.wanted(channel);
            match claim(portal, channel, free as u64).await {
                Ok(claimed) => {
                    portal.claims.answered(channel);
                    may_be_more = claimed.len() == free;
                    // A claim leaves an eighth to what may wait.
                    let is_full = !claimed.is_empty() && claimed.len() + free.div_ceil(8) >= free;
                    worth_a_claim = if is_full { claimed.len().min(quarter) } else { quarter };
                    for message in claimed {
                        let portal = portal.clone();
                        under_way.spawn(async move { deliver(&portal, message).await });
                    }
                }
                Err(fault) => {
                    tracing::error!(%fault, "messages could not be claimed");
                    sleep(NAP).await;
                }
            }
        }
        let idle = !may_be_more && !stopping;
        tokio::select! {
            _ = under_way.join_next(), if !under_way.is_empty() => {}
            _ = waiting.changed(), if idle && most - under_way.len() >= worth_a_claim => {}
            () = sleep(NAP), if !stopping => {}
            _ = stop.changed(), if !stopping => {}
        }
    }
}

async fn claim(portal: &Portal, channel: Channel, most: u64) -> Result<Vec<Model>, Fault> {
    let now = portal.now();
    let open = match channel {
        Channel::Mail => portal.carriers.mail.open(now).map(|passing| (None, passing)),
        Channel::Sms => portal.carriers.sms.open(now).map(|(gateway, passing)| (Some(gateway.name.as_str()), passing)),
    };
    match open {
        Some((gateway, passing)) => post::claim(portal, channel, gateway, most.min(passing)).await,
        None => Ok(Vec::new()),
    }
}

async fn deliver(portal: &Portal, message: Model) {
    let id = message.id;
    if let Err(fault) = handover::deliver(portal, message).await {
        // Its lease ends by itself, and then it is tried again.
        tracing::error!(%fault, message_id = id, "a message could not be recorded");
    }
}

/// Asks carriers that sent no receipt. Returns of how many messages.
async fn ask(portal: &Portal) -> Result<usize, Fault> {
    let silent = receipts::claim_silent(portal, QUESTIONS).await?;
    let asked = silent.len();
    stream::iter(silent)
        .for_each_concurrent(QUESTIONS_AT_ONCE, |message| async move {
            if let Err(fault) = receipts::ask(portal, &message).await {
                tracing::error!(%fault, message_id = message.id, "an answer could not be recorded");
            }
        })
        .await;
    Ok(asked)
}

async fn chores(portal: &Portal) -> Result<(), Fault> {
    tally::forget(portal).await?;
    upkeep::forget(portal).await
}

/// Ends what waited too long, even when no carrier is there to refuse it: SMS that certainly have not left, and mails, about
/// which nobody can be asked. Returns how many.
async fn end_overdue(portal: &Portal) -> Result<usize, Fault> {
    let mut ended = 0;
    for (channel, may_have_left) in [(Channel::Sms, false), (Channel::Mail, false), (Channel::Mail, true)] {
        let overdue = post::claim_overdue(portal, channel, may_have_left, OVERDUE).await?;
        ended += overdue.len();
        for message in overdue {
            expire(portal, &message).await;
        }
    }
    Ok(ended)
}

/// Ends SMS that waited too long and may have left, unless their gateways, asked all at once, have them. Returns how many.
async fn ask_overdue(portal: &Portal) -> Result<usize, Fault> {
    let overdue = post::claim_overdue(portal, Channel::Sms, true, OVERDUE).await?;
    join_all(overdue.iter().map(|message| expire(portal, message))).await;
    Ok(overdue.len())
}

async fn expire(portal: &Portal, message: &Model) {
    if let Err(fault) = handover::expire(portal, message).await {
        // Its lease ends by itself, and then it is ended.
        tracing::error!(%fault, message_id = message.id, "a message's end could not be recorded");
    }
}

/// Does something again and again until told to stop.
async fn every<F: Future<Output = Result<(), Fault>>>(
    pause: Duration,
    mut stop: watch::Receiver<bool>,
    mut work: impl FnMut() -> F,
) {
    while !*stop.borrow() {
        if let Err(fault) = work().await {
            tracing::error!(%fault, "the worker met a fault");
        }
        tokio::select! {
            () = sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Does something, and lets go of it when told to stop: a carrier that was asked may take its time to answer.
async fn until_told(stop: &watch::Receiver<bool>, work: impl Future<Output = Result<(), Fault>>) -> Result<(), Fault> {
    let mut stop = stop.clone();
    tokio::select! {
        done = work => done,
        _ = stop.wait_for(|told| *told) => Ok(()),
    }
}
