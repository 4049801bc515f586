//! What several targets need: lines through the stages, in blocks that end where the target says.

use reginfra::log::assemble::Assembler;
use reginfra::registration::correlate::Correlator;
use reginfra::registration::finish::{Registrations, Window, finish};
use reginfra::registration::join::Joiner;

/// What lines come to; a block ends before each line whose number `ends_before` takes.
pub fn registrations(lines: &[&[u8]], ends_before: impl Fn(usize) -> bool) -> Registrations {
    let (mut assembler, mut joiner, mut correlator) =
        (Assembler::new(None), Joiner::default(), Correlator::beside_capsules());
    for (number, line) in lines.iter().enumerate() {
        if ends_before(number) {
            joiner.block(assembler.finish(Vec::new()), &mut correlator);
        }
        assembler.line_with_escapes(line);
    }
    joiner.block(assembler.finish(Vec::new()), &mut correlator);
    let counts = joiner.finish(&mut correlator);
    finish(correlator, counts, None, Window::ALL)
}

/// Everything of the answer that must not depend on how the log was cut into blocks.
pub fn figures(all: &Registrations) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        all.sessions, all.cut, all.status_calls, all.background, all.attribution, all.notes
    )
}
