// AuthNodeTests
