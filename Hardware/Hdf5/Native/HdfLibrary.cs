using System.Reflection;
using System.Runtime.InteropServices;

namespace Flyscan.Hardware.Hdf5.Native;

/// <summary>Finds the system's libhdf5 and reads the identifiers that it exports as variables.</summary>
/// <remarks><b>Source</b> names as Debian and upstream install them; only .103 (HDF5 1.10) was tried.</remarks>
internal static class HdfLibrary
{
    public const string Name = "hdf5";

    private static readonly string[] Candidates =
        ["libhdf5_serial.so.103", "libhdf5.so.310", "libhdf5.so.200", "libhdf5.so.103", "libhdf5.so"];

    // One handle per process: the library itself is process-wide state.
    private static readonly Lazy<nint> Handle = new(Load);

    static HdfLibrary() => NativeLibrary.SetDllImportResolver(typeof(HdfLibrary).Assembly, Resolve);

    /// <summary>Loads the library; to be called on the HDF5 thread before any other call.</summary>
    /// <exception cref="IOException">The library is not installed.</exception>
    public static void Open()
    {
        _ = Handle.Value;

        // A file that its store did not close must look like what it is, and an exit must not wait on a full disk.
        _ = Hdf.H5dont_atexit();
        if (Hdf.H5open() < 0)
            throw new IOException("libhdf5 refused to start (H5open failed): check the installation of package libhdf5-103-1");
        _ = Hdf.H5Eset_auto2(0, 0, 0);
    }

    /// <summary>The value of an exported identifier such as H5T_IEEE_F64LE_g.</summary>
    public static unsafe long Identifier(string symbol) => *(long*)NativeLibrary.GetExport(Handle.Value, symbol);

    /// <summary>Whether the library has the function: some came with a later release.</summary>
    public static bool Has(string function) => NativeLibrary.TryGetExport(Handle.Value, function, out _);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name == Name ? Handle.Value : 0;

    private static nint Load()
    {
        foreach (var candidate in Candidates)
            if (NativeLibrary.TryLoad(candidate, out var handle))
                return handle;
        throw new IOException(
            $"the HDF5 library is not installed: none of {string.Join(", ", Candidates)} could be loaded; " +
            "install it (Debian and Ubuntu: apt-get install libhdf5-103-1)");
    }
}
