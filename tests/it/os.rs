//! Tests of os.
