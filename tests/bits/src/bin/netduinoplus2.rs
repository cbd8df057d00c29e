//! The program of the machine of this name.
#![no_std]
#![no_main]

bits::program!("netduinoplus2");
