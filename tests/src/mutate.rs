//! Seeded damage, aimed at the file's structure.
