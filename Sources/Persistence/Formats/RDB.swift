/// The marks of Redis' RDB format (Redis' `rdb.h`).
enum RDB {
    enum Opcode {
        static let slotInformation: UInt8 = 244
        static let function: UInt8 = 245
        static let moduleAuxiliary: UInt8 = 247
        static let idle: UInt8 = 248
        static let frequency: UInt8 = 249
        static let auxiliary: UInt8 = 250
        static let resizeDatabase: UInt8 = 251
        static let expiryMilliseconds: UInt8 = 252
        static let expirySeconds: UInt8 = 253
        static let selectDatabase: UInt8 = 254
        static let end: UInt8 = 255
    }

    enum Kind {
        static let string: UInt8 = 0
    }

    /// The auxiliary field with the time at which the file was begun, in Unix seconds.
    static let createdField = "ctime"

    /// A length below this takes one byte.
    static let lengthLimit: UInt8 = 0x40
    /// Lengths of 4 and 8 bytes, big-endian, after this byte.
    static let length32: UInt8 = 0x80
    static let length64: UInt8 = 0x81
}
