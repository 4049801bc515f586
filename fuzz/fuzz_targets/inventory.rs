//! Any text as an INI inventory: no panic; what is read names hosts that can be found again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reginfra::inventory::ini::Ini;
use reginfra::inventory::topology::Topology;

fuzz_target!(|text: &str| {
    if let Ok(ini) = Ini::parse(text) {
        let topology = Topology::from_ini(&ini);
        for capsule in &topology.capsules {
            let _ = (topology.by_host(&capsule.name), capsule.group());
        }
    }
});
