/// The numbers of databases, from 0 on.
package enum DatabaseNumber {
    package static let count = 16
}
