//! Who is who: an Ansible inventory in, the topology out.
