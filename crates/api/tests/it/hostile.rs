//! Text from an adversary or an accident: it ends in a value or a report, soon and in little memory.
