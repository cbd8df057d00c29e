//! Qibu runtime.
#![no_std]
