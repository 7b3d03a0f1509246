//! The configuration file: UCI text to checked settings.
