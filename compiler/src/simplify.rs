//! Pace 2 (to come).
