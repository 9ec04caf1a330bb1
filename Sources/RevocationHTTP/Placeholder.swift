// RevocationHTTP
