#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The bytes of a file, to be read only.
final class FileContents {
    private enum Storage {
        case array([UInt8])
        case mapping(UnsafeRawBufferPointer)
    }

    private let storage: Storage

    init(_ bytes: [UInt8]) { storage = .array(bytes) }

    /// - Parameter mapped: the result of `mmap`; unmapped with the last reference.
    init(mapped: UnsafeRawBufferPointer) { storage = .mapping(mapped) }

    deinit {
        guard case .mapping(let bytes) = storage else { return }
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }

    var count: Int {
        switch storage {
        case .array(let bytes): bytes.count
        case .mapping(let bytes): bytes.count
        }
    }

    /// The bytes are valid only during the call.
    func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch storage {
        case .array(let bytes): try body(bytes.span.bytes)
        case .mapping(let bytes): try body(bytes.bytes)
        }
    }
}
