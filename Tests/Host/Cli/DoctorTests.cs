using System.Net;
using System.Net.Sockets;
using Flyscan.Host.Cli;
using Xunit;

namespace Flyscan.Tests.Host.Cli;

public sealed class DoctorTests
{
    [Fact]
    public void It_checks_everything_once_and_leaves_out_ports_that_the_system_chooses()
    {
        var checks = Doctor.Run(new DoctorQuestions("embedded", Path.GetTempPath(), [0]));
        Assert.Equal(
            [".NET runtime", "actor engine", "HDF5 library", "SQLite library", "disk space", "h5py"], checks.Select(c => c.Name));
        Assert.All(checks, c => Assert.Equal(c.Ok, c.Advice is null));
    }

    [Fact]
    public void The_first_library_that_loads_is_named() => Assert.Equal(
        new DoctorCheck("C library", true, true, "libc.so.6", null),
        Doctor.CheckLibrary("C library", ["libflyscan-absent.so.1", "libc.so.6"], "advice"));

    [Fact]
    public void A_library_that_is_absent_is_named_with_advice() => Assert.Equal(
        new DoctorCheck("X", false, true, "none of libflyscan-absent.so.1 can be loaded", "install it"),
        Doctor.CheckLibrary("X", ["libflyscan-absent.so.1"], "install it"));

    [Fact]
    public void A_port_in_use_is_named_and_a_free_one_is_left_free()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Assert.False(Doctor.CheckPort(port).Ok);
        listener.Stop();
        Assert.True(Doctor.CheckPort(port).Ok);
        Assert.True(Doctor.CheckPort(port).Ok);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(long.MaxValue, false)]
    public void Disk_space_is_that_of_the_nearest_folder_that_exists(long least, bool ok)
    {
        var check = Doctor.CheckDisk(Path.Combine(Path.GetTempPath(), "absent", "deeper"), least);
        Assert.Equal(ok, check.Ok);
        Assert.Contains("GiB free", check.Detail);
    }

    [Theory]
    [InlineData(9, false)]
    [InlineData(10, true)]
    public void The_runtime_must_be_new_enough(int major, bool ok) => Assert.Equal(ok, Doctor.CheckRuntime(new Version(major, 0)).Ok);

    [Fact]
    public void A_python_that_is_absent_is_no_fault()
    {
        var check = Doctor.CheckH5py("flyscan-absent-python");
        Assert.Equal((false, false, "flyscan-absent-python is not installed"), (check.Ok, check.IsRequired, check.Detail));
    }
}
