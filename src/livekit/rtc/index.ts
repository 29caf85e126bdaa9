/** LiveKit's RTC surface, safe to use: each part is rtc-node's where it behaves, and ours where it lacks something. */
