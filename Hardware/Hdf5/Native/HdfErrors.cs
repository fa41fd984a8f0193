using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Flyscan.Hardware.Hdf5.Native;

/// <summary>Turns the library's error stack into the text of an exception.</summary>
internal static partial class HdfErrors
{
    /// <summary>The value given, or an exception with what failed, on which file, and the innermost cause.</summary>
    /// <exception cref="IOException">The value is negative: the call failed.</exception>
    public static long Check(long result, string path, string operation) => result >= 0 ? result : throw Failure(path, operation);

    /// <summary>The exception that tells what the error stack holds.</summary>
    public static IOException Failure(string path, string operation) => new($"{path}: {operation} failed: {TakeCause()}");

    private static unsafe string TakeCause()
    {
        var entries = new List<string>();
        var handle = GCHandle.Alloc(entries);
        _ = Hdf.H5Ewalk2(Hdf.Default, Hdf.WalkFromInnermost, &Collect, GCHandle.ToIntPtr(handle));
        handle.Free();
        _ = Hdf.H5Eclear2(Hdf.Default);
        if (entries.Count == 0)
            return "the HDF5 library gave no reason";
        var system = entries.Select(entry => SystemError().Match(entry)).FirstOrDefault(match => match.Success);
        return system is null
            ? string.Join("; ", entries.Distinct())
            : $"{system.Groups["text"].Value} (errno {system.Groups["number"].Value}); {string.Join("; ", entries.Skip(1).Distinct())}";
    }

    [UnmanagedCallersOnly]
    private static unsafe int Collect(uint index, HdfErrorRecord* record, nint data)
    {
        // No exception may leave a callback that C called.
        var text = Marshal.PtrToStringUTF8((nint)record->Description);
        if (!string.IsNullOrEmpty(text))
            Unsafe.As<List<string>>(GCHandle.FromIntPtr(data).Target!).Add(text.Trim());
        return 0;
    }

    [GeneratedRegex("errno = (?<number>[0-9]+), error message = '(?<text>[^']*)'", RegexOptions.CultureInvariant)]
    private static partial Regex SystemError();
}
