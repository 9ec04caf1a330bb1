// RevokedServer
