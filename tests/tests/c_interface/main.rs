//! The C interface, used as its callers use it: from C and C++, through compilers and packages.

mod c;
mod header;
