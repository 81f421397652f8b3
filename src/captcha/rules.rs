//! How much work a proof takes, and how many wrong answers a security code bears.

/// Four million numbers in the mean: about a second of a core's work, be it native or in a browser; some seconds of a phone's.
pub const FEWEST_BITS: u32 = 22;
/// Sixteen million: up to half a minute of a phone's work.
const MOST_BITS: u32 = 24;
/// Wrong codes of an hour from one network before they count: a whole school shares one, and a tenth of its people mistype.
const SHARE: u32 = 16;
const WRONG_ANSWERS: i32 = 5;

/// How many zeros a proof begins with. `account`: refused checks, numbers and codes of a voter; `network`: wrong codes from
/// where the voter is. Neither a first try nor the second of somebody who mistyped once costs more.
pub fn bits(account: u32, network: u32) -> u32 {
    let doublings = |tries: u32| tries.checked_ilog2().unwrap_or(0);
    (FEWEST_BITS + doublings(account).max(doublings(network / SHARE))).min(MOST_BITS)
}

/// Whether a code is worth nothing any more, even if it is answered right.
pub fn is_spent(wrong_answers: i32) -> bool {
    wrong_answers >= WRONG_ANSWERS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_grows_with_the_tries_of_the_account_and_of_its_network() {
        for (account, network, expected) in [
            (0, 0, 22),
            (1, 0, 22),
            (2, 0, 23),
            (3, 0, 23),
            (4, 0, 24),
            (8, 0, 24),
            (0, 1, 22),
            (0, 31, 22),
            (1, 31, 22),
            (0, 32, 23),
            (0, 64, 24),
            (0, 128, 24),
            (2, 64, 24),
            (4, 32, 24),
            (u32::MAX, u32::MAX, 24),
        ] {
            assert_eq!(bits(account, network), expected, "{account} {network}");
        }
    }

    #[test]
    fn the_fifth_wrong_answer_spends_a_code() {
        for (wrong, spent) in [(0, false), (4, false), (5, true), (50, true)] {
            assert_eq!(is_spent(wrong), spent, "{wrong}");
        }
    }
}
