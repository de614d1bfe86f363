"""The instrument: candidates for stems, filters, selection, parallel forms, and the file that a person may edit."""
