//! Any text as an inventory, INI and YAML: no panic; what is read names hosts that can be found again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reginfra::inventory::{Inventory, Topology, listing};
use std::path::Path;

fuzz_target!(|text: &str| {
    for name in ["hosts", "hosts.ini", "hosts.yml"] {
        let Ok(inventory) = Inventory::parse(text, Path::new(name)) else { continue };
        for host in inventory.hosts().take(20) {
            let view = inventory.host(host).expect("a host that is listed is there");
            let _ = (view.groups(), view.rendered_variables());
        }
        let variables = |host: &str| inventory.host(host).map(|h| h.variables()).unwrap_or_default();
        let mut json = Vec::new();
        listing::write(&mut json, &inventory, &variables).expect("memory takes it");
        if let Ok(topology) = Topology::of(&inventory) {
            for capsule in &topology.capsules {
                let _ = (topology.by_host(&capsule.name), capsule.group());
            }
        }
    }
});
