//! What Python takes for a value: literals of INI inventories in, values out.

pub mod literal;
pub mod number;
pub mod string;
