"""What people do about alerts, what time does to it, and figures about both."""
