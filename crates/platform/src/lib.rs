//! The connector port and the toolkit every connector uses
