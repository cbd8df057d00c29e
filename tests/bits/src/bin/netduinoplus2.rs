//! The program of the machine of this name; all of it is in the library.
#![no_std]
#![no_main]

use bits as _;
