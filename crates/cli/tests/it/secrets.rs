//! Secrets from where they are kept to the guest, and nowhere else: distinct canaries are planted in every place that
//! holds secrets, everything is made to fail that can, and all that the program wrote is searched for them.

mod broken;
mod canary;
mod places;
mod sanctuary;
