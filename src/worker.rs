//! The loops behind the pages: requests are answered, messages are sent.

use std::time::Duration;

use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::carriers::Handover;
use crate::entities::message::{Channel, Model};
use crate::fault::Fault;
use crate::outbox::post::{self, Verdict};
use crate::portal::Portal;
use crate::{issuance, recovery};

/// How long the worker sleeps when nobody wakes it: other processes enqueue, too.
const NAP: Duration = Duration::from_secs(1);
const AT_ONCE: usize = 16;
const CLAIM: u64 = 64;

/// Works until told to stop, then finishes what it holds.
pub async fn run(portal: Portal, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match round(&portal).await {
            Ok(0) => {
                tokio::select! {
                    () = portal.work_waits.notified() => {}
                    () = sleep(NAP) => {}
                    _ = stop.changed() => {}
                }
            }
            Ok(_) => {}
            Err(fault) => {
                tracing::error!(%fault, "the worker met a fault");
                sleep(NAP).await;
            }
        }
    }
}

/// Works until nothing is due. For tests, and before a command-line command ends.
pub async fn drain(portal: &Portal) -> Result<(), Fault> {
    while round(portal).await? > 0 {}
    Ok(())
}

/// Answers the waiting requests and sends the messages that are due. Returns how much there was to do.
async fn round(portal: &Portal) -> Result<usize, Fault> {
    let mut done = 0;
    while recovery::answer_next(portal).await? {
        done += 1;
    }
    let claimed = post::claim(portal, CLAIM).await?;
    done += claimed.len();
    futures::stream::iter(claimed)
        .for_each_concurrent(AT_ONCE, |message| async move {
            if let Err(fault) = deliver(portal, &message).await {
                // Its lease ends by itself, and then it is tried again.
                tracing::error!(%fault, message = message.id, "a message could not be recorded");
            }
        })
        .await;
    Ok(done)
}

/// Hands a message over and commits what became of it, with all that follows from it.
async fn deliver(portal: &Portal, message: &Model) -> Result<(), Fault> {
    let handover = post::send(portal, message).await;
    log(message, &handover);
    let now = portal.now();
    let verdict = post::verdict(message, handover, now);
    let work = portal.db.begin().await?;
    let recorded = post::record(&*work, message, &verdict, now).await?;
    if recorded && matches!(verdict, Verdict::Failed { .. }) && message.channel == Channel::Sms {
        issuance::void::void(&work, portal, message).await?;
    }
    work.commit().await
}

fn log(message: &Model, handover: &Handover) {
    let (id, letter, attempts) = (message.id, &message.letter, message.attempts);
    match handover {
        Handover::Accepted { .. } => tracing::info!(message = id, letter, attempts, "message sent"),
        Handover::Refused { reason } => tracing::warn!(message = id, letter, attempts, reason, "message refused"),
        Handover::Later { reason, alarm: false, .. } => {
            tracing::warn!(message = id, letter, attempts, reason, "message put off");
        }
        Handover::Later { reason, alarm: true, .. } => {
            tracing::error!(message = id, letter, attempts, reason, "message put off: the operator must act");
        }
    }
}
