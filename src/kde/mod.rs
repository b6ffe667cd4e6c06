//! kde
