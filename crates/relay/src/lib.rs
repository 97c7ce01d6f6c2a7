//! The engine: intake, plan, lanes, delivery, echo, upkeep. Names no platform
