using System.Reflection;
using System.Runtime.InteropServices;

namespace Flyscan.LibCa;

/// <summary>What the C library gives to who asked for a value or wrote one.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CaEvent
{
    public nint User;
    public nint Channel;
    public nint Type;
    public nint Count;
    public nint Data;
    public int Status;
}

/// <summary>A channel came or went. Operation: 6 came, 7 went.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CaConnection
{
    public nint Channel;
    public nint Operation;
}

/// <summary>Bit 0: may read; bit 1: may write.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CaRights
{
    public nint Channel;
    public uint Rights;
}

/// <summary>Something went wrong that belongs to no call.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CaException
{
    public nint User;
    public nint Channel;
    public nint Type;
    public nint Count;
    public nint Address;
    public nint Status;
    public nint Operation;
    public nint Context;
    public nint File;
    public uint Line;
}

/// <summary>The C library of EPICS base for Channel Access.</summary>
/// <remarks><b>Source</b> the library's reference manual (CAref); names as Debian installs them, only 4.13.5 was tried.</remarks>
public static unsafe partial class CaLibrary
{
    /// <summary>Why nothing here can be called.</summary>
    public const string Missing = "libca is not installed: apt-get install libca4.13.5";

    /// <summary>Status of what went well.</summary>
    public const int Normal = 1;

    private const string Name = "ca";

    static CaLibrary() => NativeLibrary.SetDllImportResolver(typeof(CaLibrary).Assembly, Resolve);

    /// <summary>Where it is; null where it is not.</summary>
    public static string? Path { get; } = Find();

    /// <summary>Bytes of a type with so many values, as the library counts them.</summary>
    internal static int SizeOf(int type, int count) =>
        Export("dbr_size")[type] + Math.Max(0, count - 1) * Export("dbr_value_size")[type];

    /// <summary>Bytes before the first value.</summary>
    internal static int OffsetOf(int type) => Export("dbr_value_offset")[type];

    [LibraryImport(Name, EntryPoint = "ca_context_create")]
    internal static partial int CreateContext(int preemptive);

    [LibraryImport(Name, EntryPoint = "ca_context_destroy")]
    internal static partial void DestroyContext();

    [LibraryImport(Name, EntryPoint = "ca_add_exception_event")]
    internal static partial int OnException(delegate* unmanaged[Cdecl]<CaException, void> called, nint user);

    [LibraryImport(Name, EntryPoint = "ca_create_channel", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int CreateChannel(
        string name, delegate* unmanaged[Cdecl]<CaConnection, void> connected, nint user, uint priority, out nint channel);

    [LibraryImport(Name, EntryPoint = "ca_puser")]
    internal static partial nint UserOf(nint channel);

    [LibraryImport(Name, EntryPoint = "ca_replace_access_rights_event")]
    internal static partial int OnRights(nint channel, delegate* unmanaged[Cdecl]<CaRights, void> called);

    [LibraryImport(Name, EntryPoint = "ca_clear_channel")]
    internal static partial int ClearChannel(nint channel);

    [LibraryImport(Name, EntryPoint = "ca_array_get")]
    internal static partial int Get(nint type, nuint count, nint channel, byte* value);

    [LibraryImport(Name, EntryPoint = "ca_array_get_callback")]
    internal static partial int Get(nint type, nuint count, nint channel, delegate* unmanaged[Cdecl]<CaEvent, void> done, nint user);

    [LibraryImport(Name, EntryPoint = "ca_array_put")]
    internal static partial int Put(nint type, nuint count, nint channel, byte* value);

    [LibraryImport(Name, EntryPoint = "ca_array_put_callback")]
    internal static partial int Put(
        nint type, nuint count, nint channel, byte* value, delegate* unmanaged[Cdecl]<CaEvent, void> done, nint user);

    [LibraryImport(Name, EntryPoint = "ca_create_subscription")]
    internal static partial int Subscribe(
        nint type, nuint count, nint channel, nint mask, delegate* unmanaged[Cdecl]<CaEvent, void> called, nint user,
        out nint subscription);

    [LibraryImport(Name, EntryPoint = "ca_clear_subscription")]
    internal static partial int Unsubscribe(nint subscription);

    [LibraryImport(Name, EntryPoint = "ca_flush_io")]
    internal static partial int Flush();

    [LibraryImport(Name, EntryPoint = "ca_pend_io")]
    internal static partial int PendIo(double seconds);

    [LibraryImport(Name, EntryPoint = "ca_pend_event")]
    internal static partial int PendEvent(double seconds);

    [LibraryImport(Name, EntryPoint = "ca_field_type")]
    internal static partial short FieldType(nint channel);

    [LibraryImport(Name, EntryPoint = "ca_element_count")]
    internal static partial nuint ElementCount(nint channel);

    [LibraryImport(Name, EntryPoint = "ca_state")]
    internal static partial int State(nint channel);

    [LibraryImport(Name, EntryPoint = "ca_read_access")]
    internal static partial uint MayRead(nint channel);

    [LibraryImport(Name, EntryPoint = "ca_write_access")]
    internal static partial uint MayWrite(nint channel);

    [LibraryImport(Name, EntryPoint = "ca_host_name")]
    private static partial nint HostNameOf(nint channel);

    [LibraryImport(Name, EntryPoint = "ca_beacon_period")]
    internal static partial double BeaconPeriod(nint channel);

    [LibraryImport(Name, EntryPoint = "ca_version")]
    private static partial nint VersionText();

    /// <summary>Address and port of the channel's server.</summary>
    internal static string HostName(nint channel) => Marshal.PtrToStringUTF8(HostNameOf(channel)) ?? "";

    /// <summary>What the library calls itself.</summary>
    internal static string Version => Marshal.PtrToStringUTF8(VersionText()) ?? "";

    private static ushort* Export(string table) => (ushort*)NativeLibrary.GetExport(NativeLibrary.Load(Path!), table);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == Name && Path is not null ? NativeLibrary.Load(Path) : 0;

    private static string? Find()
    {
        string[] folders = [$"/usr/lib/{Triplet}", "/usr/lib64", "/usr/lib", "/usr/local/lib"];
        return folders.Where(Directory.Exists)
            .SelectMany(f => Directory.GetFiles(f, "libca.so*").Order(StringComparer.Ordinal))
            .FirstOrDefault();
    }

    private static string Triplet => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.Arm64 => "aarch64-linux-gnu",
        Architecture.X64 => "x86_64-linux-gnu",
        var other => $"{other}".ToLowerInvariant() + "-linux-gnu",
    };
}
