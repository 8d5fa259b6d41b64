"""The database: tables (`models`), migrations (`migrate`), engines (`engine`) and live changes (`notify`)."""
