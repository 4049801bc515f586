use crate::inventory::Inventory;
use std::path::Path;

fn value(vars: &str, key: &str) -> String {
    let text = format!(
        "all:\n  hosts:\n    cap.example.com:\n      x: 1\n    other: {{ip: 10.0.0.2}}\n  vars:\n{vars}\n"
    );
    let inventory = Inventory::parse(&text, Path::new("hosts.yml")).unwrap();
    match inventory.host("cap.example.com").unwrap().value(key) {
        Ok(Some(value)) => value.to_string(),
        Ok(None) => "none".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn templates_see_what_ansible_shows_them() {
    for (template, is) in [
        ("{{ x }}", "1"),
        ("{{ x + 1 }}", "2"),
        ("n{{ x }}", "\"n1\""),
        ("{{ inventory_hostname }}", "\"cap.example.com\""),
        ("{{ inventory_hostname_short }}-x", "\"cap-x\""),
        ("{{ hostvars['other'].ip }}", "\"10.0.0.2\""),
        ("{{ hostvars[groups['all'][1]]['ip'] }}", "\"10.0.0.2\""),
        ("{{ groups['all'] | length }}", "2"),
        ("{{ group_names }}", "[\"ungrouped\"]"),
        ("{{ vars['x'] }}", "1"),
        ("{{ missing | default('d') }}", "\"d\""),
        ("{{ '' | default('d', true) }}", "\"d\""),
        ("{{ inventory_hostname.split('.')[1:] | join('.') }}", "\"example.com\""),
        ("{{ inventory_hostname | regex_replace('^(\\w+)\\..*', '\\1') }}", "\"cap\""),
        ("{{ 'yes' | bool | ternary('a', 'b') }}", "\"a\""),
        ("{{ true }}/{{ none }}/{{ 1.0 }}/{{ ['a'] }}", "\"True//1.0/['a']\""),
        ("{% if x == 1 %}one{% endif %}", "\"one\""),
        ("{{ {'a': {'b': x}} }}", "{\"a\":{\"b\":1}}"),
        ("{{ '5' | int + 1 }}", "6"),
    ] {
        assert_eq!(value(&format!("    v: {}", serde_json::json!(template)), "v"), is, "{template}");
    }
}

#[test]
fn variables_lead_to_variables() {
    assert_eq!(value("    a: '{{ b }}'\n    b: ['{{ c }}', 2]\n    c: {d: '{{ x }}'}", "a"), "[{\"d\":1},2]");
    assert_eq!(value("    a: '{{ b | default(9) }}'\n    b: '{{ gone }}'", "a"), "9");
    assert_eq!(value("    a: !unsafe '{{ x }}'", "a"), "\"{{ x }}\"");
    assert_eq!(value("    a: '{{ b }}'\n    b: !unsafe '{{ x }}'", "a"), "\"{{ x }}\"");
    assert_eq!(value("    a: 1", "gone"), "none");
}

#[test]
fn what_cannot_be_rendered_names_host_variable_and_reason() {
    for (vars, parts) in [
        ("    a: '{{ b }}'\n    b: '{{ a }}'", "cap.example.com: the variable a |needs itself (a -> b -> a)"),
        ("    a: '{{ gone }}'", "variable a |gone is undefined"),
        ("    a: 'x{{ gone }}'", "variable a |gone is undefined"),
        ("    a: '{{ b }}'\n    b: 'x{{ gone.y }}'", "variable a |gone.y is undefined"),
        ("    a: '{{ x | ipaddr }}'", "variable a |filter ipaddr"),
        ("    a: \"{{ lookup('env', 'HOME') }}\"", "variable a |lookup"),
        ("    a: '{{ x'", "variable a |template is wrong"),
        (
            "    a: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      61",
            "variable a |hosts.yml:7|!vault|--via-ansible",
        ),
        (
            "    a: '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}'",
            "variable a |does not end",
        ),
    ] {
        let shown = value(vars, "a");
        for part in parts.split('|') {
            assert!(shown.contains(part), "{vars}: {part} in {shown}");
        }
    }
}

#[test]
fn variables_that_double_at_each_step_end() {
    let mut vars = "    v0: xxxxxxxxxx\n".to_owned();
    for n in 1..40 {
        vars.push_str(&format!("    v{n}: '{{{{ v{0} }}}}{{{{ v{0} }}}}'\n", n - 1));
    }
    assert!(value(&vars, "v15").contains("write the value out"));
    assert!(value(&vars, "v39").contains("need each other"));
}
