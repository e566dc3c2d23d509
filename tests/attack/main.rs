//! Attacks on the machine that runs untrusted commands. Each ends in a refused change or an
//! untouched host, and its assertion names the defence that held.

#[cfg(test)]
mod confine;
#[cfg(test)]
mod sandbox;
